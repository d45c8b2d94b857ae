"""Which middleware answers a delivery before our view can."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

__all__ = ["find_blocking_middleware"]


def find_blocking_middleware(request: HttpRequest) -> str:
    """The dotted path of the first that answers this request by itself, "" where none does.

    Each is asked alone, in the order of MIDDLEWARE, with a view behind it that only notes that it
    was reached. One that raises is in the way as well.
    """
    try:
        match = resolve(request.path_info)
    except Resolver404:
        match = None
    for path in settings.MIDDLEWARE:
        reached: list[bool] = []

        def note(_: HttpRequest, reached: list[bool] = reached) -> HttpResponse:
            reached.append(True)
            return HttpResponse()

        try:
            middleware = import_string(path)(note)
            middleware(request)
            if not reached or (match is not None and _refuses_view(middleware, request, match)):
                return str(path)
        except MiddlewareNotUsed:
            continue
        except Exception:
            # What it raises was seen as a 500; here it only matters who did.
            return str(path)
    return ""


def _refuses_view(middleware: Any, request: HttpRequest, match: Any) -> bool:
    process_view: Callable[..., Any] | None = getattr(middleware, "process_view", None)
    if process_view is None:
        return False
    return process_view(request, match.func, match.args, match.kwargs) is not None
