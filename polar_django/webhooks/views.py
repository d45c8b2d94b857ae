"""Where providers deliver: verify, one INSERT, answer. All else happens after commit."""

import logging
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError, SignatureError
from polar_django.providers.registry import get_provider, known_providers
from polar_django.queues.retries import describe
from polar_django.telemetry import step
from polar_django.views.transactions import outside_transactions
from polar_django.webhooks import inbox, wakeup

__all__ = ["receive"]

logger = logging.getLogger(__name__)

_REFUSED = (
    UnreadablePostError,
    RequestDataTooBig,
    SignatureError,
    ConfigurationError,
    DatabaseError,
    InterfaceError,
)


@csrf_exempt
@login_not_required
@outside_transactions
def receive(request: HttpRequest, provider: str) -> JsonResponse:
    """Store a signed message once. JSON with a `detail`, always.

    The provider's `accepted_status` (202) when it is stored or was before, 403 for a signature that
    does not hold, 413 over `MAX_WEBHOOK_BYTES`, 404 for an unknown provider, 405 for anything but
    POST, 503 where no secret is configured or the database refuses. One INSERT; a refusal none.

    A signed message that cannot be read is stored too: refused, it would be sent again and again,
    until the provider disables the endpoint.
    """
    if request.method != "POST":
        return _answer(
            HTTPStatus.METHOD_NOT_ALLOWED, "Deliveries are POSTed.", headers={"Allow": "POST"}
        )
    if provider not in known_providers():
        return _answer(HTTPStatus.NOT_FOUND, "There is no such provider.")
    with step(logger, "webhook.receive", provider=provider) as received:
        try:
            body = _read(request, get_settings().max_webhook_bytes)
            source = get_provider(provider)
            envelope = source.verify_webhook(request.headers, body)
            received.tell(delivery_id=envelope.delivery_id, event_type=envelope.type)
            is_new = inbox.store(provider, envelope, body)
        except _REFUSED as error:
            received.tell(outcome="refused", level=logging.WARNING)
            return _refusal(provider, error)
        received.tell(outcome="stored" if is_new else "duplicate")
        if is_new:
            wakeup.wake()
        return _answer(source.accepted_status, "Stored." if is_new else "This delivery is known.")


def _read(request: HttpRequest, limit: int) -> bytes:
    """The body. Raises RequestDataTooBig; of such a one no more is read than the limit.

    `request.body` would also obey DATA_UPLOAD_MAX_MEMORY_SIZE, which is about forms.
    """
    declared = request.headers.get("content-length", "")
    # Compared by its digits first: Python refuses to read a number of thousands of them.
    digits = declared.lstrip("0") if declared.isdecimal() else ""
    if len(digits) <= len(str(limit)) and int(digits or 0) <= limit:
        body = request.read(limit + 1)
        if len(body) <= limit:
            return body
    raise RequestDataTooBig(f"The body is larger than {limit} bytes.")


def _refusal(provider: str, error: Exception) -> JsonResponse:
    """The answer to a message that is not kept, or cannot be now."""
    match error:
        case UnreadablePostError():
            return _answer(HTTPStatus.BAD_REQUEST, "The body ended early.")
        case RequestDataTooBig():
            return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        case SignatureError():
            return _answer(HTTPStatus.FORBIDDEN, str(error))
        case ConfigurationError():
            logger.error("A delivery of %s was refused: %s", provider, error)
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "This provider is not configured.")
        case _:
            logger.error("A delivery of %s could not be stored: %s", provider, describe(error))
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be stored; send it again.")


def _answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status, headers=headers)
