"""ninja, taught to refuse requests as FastAPI and Polar do."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationErrorContext
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from polar_django.sandbox.api.access import has_access_token
from polar_django.sandbox.api.refusals import (
    RequestRefused,
    render_crash,
    render_oversized_body,
    render_refused_request,
    render_sandbox_error,
    render_unauthorized,
    render_unreadable_body,
)
from polar_django.sandbox.errors import SandboxError

__all__ = ["make_api"]

# ninja types its handlers as if they could be given the class itself; they are given instances.
RENDERERS: dict[type[Exception], Any] = {
    AuthenticationError: render_unauthorized,
    HttpError: render_unreadable_body,
    RequestRefused: render_refused_request,
    RequestDataTooBig: render_oversized_body,
    SandboxError: render_sandbox_error,
    Exception: render_crash,
}


class _CompactJSON(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()


def _finite(text: str) -> float:
    """A number of the body. JSON has no infinity, though Python reads one; nor can it be kept."""
    number = float(text)
    if not isfinite(number):
        raise json.JSONDecodeError("Expecting a finite number", text, 0)
    return number


class _WithoutNul(Parser):
    """Refuses NUL characters, as Polar does: PostgreSQL cannot keep them."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = json.loads(request.body, parse_constant=_finite, parse_float=_finite)
        if b"\\u0000" in request.body and _holds_nul(body):
            raise _nul_in("body")
        return body

    def parse_querydict(
        self, data: "MultiValueDict[str, Any]", list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        if _holds_nul(dict(data.lists())):
            raise _nul_in("query")
        return super().parse_querydict(data, list_fields, request)


def _nul_in(source: str) -> RequestRefused:
    message = "Value error, NUL characters are not allowed."
    return RequestRefused([{"type": "value_error", "loc": [source], "msg": message, "input": None}])


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


class _PolarAPI(NinjaAPI):
    def get_content_type(self) -> str:
        return "application/json"

    def validation_error_from_error_contexts(
        self, error_contexts: Sequence[ValidationErrorContext[Any]]
    ) -> Any:
        return RequestRefused(
            [
                _located(error, context.model)
                for context in error_contexts
                for error in context.pydantic_validation_error.errors(include_url=False)
            ]
        )


def _located(error: Any, model: Any) -> dict[str, Any]:
    """The error with `loc` as FastAPI gives it.

    ninja puts the name of the function's parameter before a body's or a query's own keys.
    """
    source = model.__ninja_param_source__
    loc = tuple(error["loc"])
    flat = model.__ninja_flatten_map_reverse__.get(loc)
    if flat is not None and source != "body":
        loc = tuple(flat)
    elif source != "path" and len(loc) > 0:
        loc = loc[1:]
    missing_body = source == "body" and not loc
    return {
        **error,
        "loc": [source, *(_readable(part) for part in loc)],
        "input": None if missing_body and error["type"] == "missing" else error["input"],
    }


def _readable(part: Any) -> Any:
    return str(part) if isinstance(part, UUID) else part


def make_api() -> NinjaAPI:
    """An API without routes. Its addresses need the access token unless a route says otherwise."""
    api = _PolarAPI(
        title="Polar sandbox",
        urls_namespace="polar_sandbox_api",
        openapi_url=None,
        docs_url=None,
        auth=has_access_token,
        renderer=_CompactJSON(),
        parser=_WithoutNul(),
    )
    for kind, render in RENDERERS.items():
        api.add_exception_handler(kind, render)
    return api
