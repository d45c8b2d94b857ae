"""From an answer that is not a success to the exception it means.

Messages name the route and the status, and the provider's code where it is a plain word: never a
path with its values, a query, a body or what the provider wrote about them, which may quote an
e-mail address.
"""

from collections.abc import Mapping
from typing import Any

from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    InvalidRequest,
    ObjectNotFound,
    PaymentFailed,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.providers.retries import retry_after

# 403 for the token itself; any other code names a rule that the object breaks.
_TOKEN_CODES = frozenset({"", "Unauthorized", "Forbidden", "invalid_token", "insufficient_scope"})
_TRY_LATER = frozenset({408, 425})


def refusal(call: str, status: int, data: Any, headers: Mapping[str, str]) -> ProviderError:
    """The exception for that answer to `call` ("GET /v1/orders/{id}"); `data` is its JSON."""
    code = _code_in(data)
    said = f"{call} was answered {status}{f' {code}' if code else ''}"
    if status == 429:
        return RateLimited(
            f"{said}: too many requests, wait before trying again.",
            retry_after=retry_after(headers),
        )
    if status >= 500 or status in _TRY_LATER:
        return ProviderUnavailable(f"{said}: try again later.", status=status, code=code)
    if status == 401 or (status == 403 and code in _TOKEN_CODES):
        return AuthenticationFailed(
            f"{said}: check that the access token belongs to this server and organization, has "
            "not expired, and has the scope this call needs.",
            status=status,
            code=code,
        )
    if status == 404:
        return ObjectNotFound(f"{said}.{_hint(data)}", status=status, code=code)
    if status == 402:
        return PaymentFailed(f"{said}: the payment was refused.", status=status, code=code)
    if status == 422:
        errors = _errors_in(data)
        return InvalidRequest(
            f"{said}: it does not accept {_fields(errors)}.", code=code, errors=errors
        )
    if 300 <= status < 400:
        return ProviderError(
            f"{said}. Redirects are not followed, because the access token would go with them: "
            "set the server to its final address, without a path of the API.",
            status=status,
            code=code,
        )
    return ActionRefused(f"{said}.", status=status, code=code)


def _code_in(data: Any) -> str:
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and len(code) <= 64 and code.isidentifier() else ""


def _errors_in(data: Any) -> list[Mapping[str, Any]]:
    detail = data.get("detail") if isinstance(data, dict) else None
    if isinstance(detail, str):
        return [{"loc": [], "msg": detail, "type": ""}]
    return [item for item in detail if isinstance(item, dict)] if isinstance(detail, list) else []


def _fields(errors: list[Mapping[str, Any]]) -> str:
    """The places of the values, of which no part is a value: ["body", "email"] → body.email."""
    places = []
    for error in errors[:5]:
        loc = error.get("loc")
        parts = [str(part) for part in loc] if isinstance(loc, list) else []
        if parts and all(part.isidentifier() or part.isdigit() for part in parts):
            places.append(".".join(parts))
    return ", ".join(dict.fromkeys(places)) or "the values sent"


def _hint(data: Any) -> str:
    # Polar says just this, without a code, where it knows neither the route nor the version.
    if data == {"detail": "Not Found"}:
        return " The server knows no such route: check SERVER and API_VERSION."
    return ""
