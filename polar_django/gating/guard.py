"""How a gate stands in front of a view, whatever kind of view it is."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import isawaitable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from polar_django.gating.decision import Decision
from polar_django.gating.refusal import refuse

__all__ = ["agate", "gate", "guarded", "keep_for_this_visitor", "reject_rest_view"]

Judge = Callable[[HttpRequest], Decision]
View = Callable[..., Any]
Answer = TypeVar("Answer")


def gate(request: HttpRequest, judge: Judge) -> HttpResponse | None:
    """The refusal, or None where the request may pass. Costs what the judge costs."""
    decision = judge(request)
    return None if decision.allowed else refuse(request, decision)


async def agate(request: HttpRequest, judge: Judge) -> HttpResponse | None:
    """`gate` for async views, in a thread: user, subscriber and grants may each need a query.

    The view's own `request.user` is judged here too, so that sync and async code agree where a
    middleware of the project sets it; `auser()` is asked only where there is no such attribute.
    """
    if not hasattr(request, "user") and hasattr(request, "auser"):
        request.user = await request.auser()
    return await sync_to_async(gate)(request, judge)


def keep_for_this_visitor(answer: Answer) -> Answer:
    """Mark what a gate let through, so that no cache shows it to somebody else; gives it back.

    The session's middleware adds `Vary: Cookie` too late for `cache_page` above the gate, and a
    CDN keeps a file whose answer forbids nothing. A view that says "public" is taken at its word.
    """
    if isinstance(answer, HttpResponseBase):
        patch_vary_headers(answer, ["Cookie"])
        if "public" not in answer.get("Cache-Control", ""):
            patch_cache_control(answer, private=True)
    return answer


def reject_rest_view(view: object) -> None:
    """Raise ImproperlyConfigured for a view of Django REST framework, class or function.

    A gate in front of it would judge the session's user, because DRF authenticates later: whoever
    holds the token would be let in, or kept out, by somebody else's plan.
    """
    view_class = getattr(view, "cls", view)
    if any(
        (base.__module__, base.__name__) == ("rest_framework.views", "APIView")
        for base in getattr(view_class, "__mro__", ())
    ):
        raise ImproperlyConfigured(
            f"{getattr(view, '__name__', view)} is a view of Django REST framework, which "
            "authenticates after this gate. Put HasBenefit(...) of polar_django.drf.permissions "
            "in its permission_classes instead."
        )


def _instances_behind(view: View) -> list[Any]:
    """The view objects whose method `method_decorator` has bound, beneath other decorators too."""
    found = []
    inner: Any = view
    while inner is not None:
        if isinstance(inner, partial):
            found.append(getattr(inner.func, "__self__", None))
        inner = getattr(inner, "__wrapped__", None)
    return [item for item in found if item is not None]


def guarded(view: View, judge: Judge) -> View:
    """The view behind a gate; a coroutine function if the view is one.

    Raises ImproperlyConfigured for a view of Django REST framework.
    """
    reject_rest_view(view)
    instances = _instances_behind(view)
    for instance in instances:
        reject_rest_view(type(instance))

    # `dispatch` of an async class is a plain function that returns a coroutine.
    if iscoroutinefunction(view) or any(
        getattr(instance, "view_is_async", False) for instance in instances
    ):

        @wraps(view)
        async def aguarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refusal = await agate(request, judge)
            if refusal is not None:
                return refusal
            answer = view(request, *args, **kwargs)
            return keep_for_this_visitor(await answer if isawaitable(answer) else answer)

        return aguarded_view

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refusal = gate(request, judge)
        if refusal is not None:
            return refusal
        return keep_for_this_visitor(view(request, *args, **kwargs))

    return guarded_view
