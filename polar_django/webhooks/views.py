"""Where providers deliver: verify, one INSERT, answer. All else happens after commit."""

import logging
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError, SignatureError
from polar_django.providers.registry import get_provider, known_providers
from polar_django.queues.retries import describe
from polar_django.telemetry import Step, step
from polar_django.webhooks import inbox, wakeup

__all__ = ["receive"]

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
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
        answer = _take_in(request, provider, received)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            received.tell(outcome="refused", level=logging.WARNING)
        return answer


def _take_in(request: HttpRequest, provider: str, received: Step) -> JsonResponse:
    limit = get_settings().max_webhook_bytes
    try:
        body = _read(request, limit)
    except UnreadablePostError:
        return _answer(HTTPStatus.BAD_REQUEST, "The body ended early.")
    if body is None:
        return _answer(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit} bytes."
        )
    try:
        source = get_provider(provider)
        envelope = source.verify_webhook(request.headers, body)
        received.tell(delivery_id=envelope.delivery_id, event_type=envelope.type)
        is_new = inbox.store(provider, envelope, body)
    except SignatureError as error:
        return _answer(HTTPStatus.FORBIDDEN, str(error))
    except ConfigurationError as error:
        logger.error("A delivery of %s was refused: %s", provider, error)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "This provider is not configured.")
    except (DatabaseError, InterfaceError) as error:
        logger.error("A delivery of %s could not be stored: %s", provider, describe(error))
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be stored; send it again.")
    received.tell(outcome="stored" if is_new else "duplicate")
    if not is_new:
        return _answer(source.accepted_status, "This delivery is known.")
    wakeup.wake()
    return _answer(source.accepted_status, "Stored.")


def _read(request: HttpRequest, limit: int) -> bytes | None:
    """The body, None where it is over the limit; of such a one no more is read than the limit.

    `request.body` would also obey DATA_UPLOAD_MAX_MEMORY_SIZE, which is about forms.
    """
    declared = request.headers.get("content-length", "")
    # Compared by its digits first: Python refuses to read a number of thousands of them.
    digits = declared.lstrip("0") if declared.isdecimal() else ""
    if len(digits) > len(str(limit)) or int(digits or 0) > limit:
        return None
    body = request.read(limit + 1)
    return None if len(body) > limit else body


def _answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status, headers=headers)
