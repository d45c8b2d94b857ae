"""Every body that is not a success, as Polar words it."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError

from polar_django.sandbox.errors import ResourceNotFound, SandboxError

__all__ = [
    "NotInSandbox",
    "RequestRefused",
    "insufficient_scope",
    "invalid_token",
    "json_answer",
    "method_not_allowed",
    "no_such_object",
    "no_such_route",
    "render_crash",
    "render_oversized_body",
    "render_refused_request",
    "render_sandbox_error",
    "render_unauthorized",
    "render_unreadable_body",
    "too_many_requests",
]

REALM = 'Bearer realm="polar"'
INVALID_TOKEN = (
    "The access token provided is expired, revoked, malformed, or invalid for other reasons."
)
INSUFFICIENT_SCOPE = "The request requires higher privileges than provided by the access token."

logger = logging.getLogger("polar_django.sandbox")


class NotInSandbox(SandboxError):
    """Polar can do it, this sandbox cannot. No answer of Polar's own looks like it."""

    status, text = 501, "The sandbox does not do this yet."


class RequestRefused(Exception):
    """422: the request does not fit its schema. `errors` as pydantic lists them, `loc` complete."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("The request does not fit its schema.")
        self.errors = [_plain(error) for error in errors]


def _plain(error: Mapping[str, Any]) -> dict[str, Any]:
    """One error with FastAPI's keys; an exception in `ctx` shows as an empty object there."""
    shown = {key: error[key] for key in ("type", "loc", "msg", "input")}
    if "ctx" in error:
        shown["ctx"] = {
            key: {} if isinstance(value, Exception) else value
            for key, value in error["ctx"].items()
        }
    return shown


def json_answer(data: Any, status: int = 200) -> HttpResponse:
    """Compact JSON in UTF-8."""
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
    # What cannot be UTF-8 came from the request and stands in an error's `input`.
    return HttpResponse(
        body.encode(errors="replace"), status=status, content_type="application/json"
    )


def no_such_route() -> HttpResponse:
    return json_answer({"detail": "Not Found"}, 404)


def no_such_object() -> HttpResponse:
    return json_answer(ResourceNotFound().body(), ResourceNotFound.status)


def method_not_allowed(allowed: Sequence[str]) -> HttpResponse:
    answer = json_answer({"detail": "Method Not Allowed"}, 405)
    answer["Allow"] = ", ".join(allowed)
    return answer


def invalid_token() -> HttpResponse:
    """A bearer token that is none of ours: OAuth's shape, without `detail`."""
    answer = json_answer({"error": "invalid_token", "error_description": INVALID_TOKEN}, 401)
    answer["WWW-Authenticate"] = (
        f'{REALM}, error="invalid_token", error_description="{INVALID_TOKEN}"'
    )
    return answer


def insufficient_scope(needed: Sequence[str]) -> HttpResponse:
    """An access token that may not do this: OAuth's shape too."""
    answer = json_answer(
        {"error": "insufficient_scope", "error_description": INSUFFICIENT_SCOPE}, 403
    )
    answer["WWW-Authenticate"] = (
        f'{REALM}, scope="{" ".join(needed)}", error="insufficient_scope", '
        f'error_description="{INSUFFICIENT_SCOPE}"'
    )
    return answer


def too_many_requests(seconds: int) -> HttpResponse:
    """429 has no body at all."""
    answer = HttpResponse(status=429, headers={"Retry-After": str(seconds)})
    del answer["Content-Type"]
    return answer


def render_unauthorized(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = json_answer({"error": "Unauthorized", "detail": "Unauthorized"}, 401)
    answer["WWW-Authenticate"] = REALM
    return answer


def render_sandbox_error(request: HttpRequest, error: SandboxError) -> HttpResponse:
    return json_answer(error.body(), error.status)


def render_refused_request(request: HttpRequest, error: RequestRefused) -> HttpResponse:
    return json_answer({"error": "RequestValidationError", "detail": error.errors}, 422)


def render_unreadable_body(request: HttpRequest, error: HttpError) -> HttpResponse:
    """ninja's own refusals: the only ones left here are of a body that it could not read."""
    cause = error.__cause__
    if isinstance(cause, RequestRefused):
        return render_refused_request(request, cause)
    if not isinstance(cause, json.JSONDecodeError):
        return json_answer({"detail": "There was an error parsing the body"}, 400)
    entry = {
        "type": "json_invalid",
        "loc": ["body", cause.pos],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": cause.msg},
    }
    return json_answer({"error": "RequestValidationError", "detail": [entry]}, 422)


def render_oversized_body(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Larger than the project's DATA_UPLOAD_MAX_MEMORY_SIZE; at Polar the limit is 10 MiB."""
    return json_answer(
        {"error": "RequestBodyTooLarge", "detail": "Request body is too large."}, 413
    )


def render_crash(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("The sandbox failed on %s %s", request.method, request.path, exc_info=error)
    return HttpResponse("Internal Server Error", status=500, content_type="text/plain")
