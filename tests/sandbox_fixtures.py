"""The fixture `sandbox`: our own Polar, in the same process and thread as the test.

No socket is opened. The app's HTTP client reaches the sandbox through WSGI, and the sandbox's
deliveries reach the app's webhook view the same way; both are the real code, signatures included.
Nothing happens behind a test's back: deliveries go out when it calls `deliver()`.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.providers.transport import mounted
from polar_django.sandbox import clients, delivery
from polar_django.sandbox.api import door
from polar_django.sandbox.models import WebhookEvent
from polar_django.testing.sandbox import DECLINES, FAILS_LATER, PAYS, NotPaid, Sandbox
from polar_django.webhooks import processing
from tests.sandbox.polars_schema import Judge

__all__ = ["BASE_URL", "CATALOGUE", "DECLINES", "FAILS_LATER", "PAYS", "NotPaid", "SandboxInTests"]

BASE_URL = "http://testserver/sandbox"

CATALOGUE: dict[str, dict[str, dict[str, Any]]] = {
    "benefits": {
        "pro": {"description": "Everything in Pro"},
        "export": {"description": "Export to every format"},
    },
    "products": {
        "pro-monthly": {
            "name": "Pro, monthly",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 1_000}],
            "benefits": ["pro", "export"],
        },
        "pro-yearly": {
            "name": "Pro, yearly",
            "recurring_interval": "year",
            "prices": [{"amount_type": "fixed", "price_amount": 10_000}],
            "benefits": ["pro", "export"],
        },
        "team": {
            "name": "Team",
            "recurring_interval": "month",
            "prices": [
                {
                    "amount_type": "seat_based",
                    "seat_tiers": {
                        "seat_tier_type": "volume",
                        "tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 1_500}],
                    },
                }
            ],
            "benefits": ["pro", "export"],
        },
        "ebook": {
            "name": "Ebook",
            "prices": [{"amount_type": "fixed", "price_amount": 1_500}],
            "benefits": ["export"],
        },
    },
}


class SandboxInTests(Sandbox):
    """The sandbox where the project of the tests includes it, and a catalogue to sell.

    Here a purchase goes through the API alone, and what came of deliveries waits in the outbox.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        super().__init__(transport, BASE_URL)

    def seed(self) -> None:
        """Make the catalogue of this module."""
        self.sell(CATALOGUE)

    def app_provider(self) -> Provider:
        """The app's own way to speak to the sandbox."""
        return get_provider("polar")

    def buy(self, key: str, *, card: str = PAYS, **body: Any) -> Any:
        """A whole purchase through the API: checkout for a product key, then pay."""
        created = self.api.post(
            "/v1/checkouts/", json={"products": [self.product_ids[key]], **body}
        )
        assert created.status_code == 201, created.text
        return self.pay(created.json()["id"], card)

    def deliver(self, *, process: bool = True) -> delivery.Counts:
        """Send every delivery that is due, and let the app write what it stored into the mirror.

        Signals and handlers wait in the outbox, as they do when a worker has only drained.
        """
        counts = delivery.flush()
        while process and processing.drain().claimed:
            pass
        return counts


@pytest.fixture
def polars_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    """Whatever the sandbox answers or sends during the test has to fit Polar's own OpenAPI."""
    judge = Judge()
    answer_in_version = door._answer_in_version

    def listen(request: HttpRequest, rest: str) -> HttpResponseBase:
        answered = answer_in_version(request, rest)
        content = b"" if answered.streaming else getattr(answered, "content", b"")
        judge.hear_answer(str(request.method), f"/v1/{rest}", answered.status_code, content)
        return answered

    # One event or many: whichever way the engine writes them.
    create, bulk_create = WebhookEvent.objects.create, WebhookEvent.objects.bulk_create

    def overhear(**values: Any) -> WebhookEvent:
        judge.hear_event(values["type"], values["body"])
        return create(**values)

    def overhear_many(events: list[WebhookEvent], **options: Any) -> list[WebhookEvent]:
        for event in events:
            judge.hear_event(event.type, event.body or "")
        return bulk_create(events, **options)

    monkeypatch.setattr(door, "_answer_in_version", listen)
    monkeypatch.setattr(WebhookEvent.objects, "create", overhear)
    monkeypatch.setattr(WebhookEvent.objects, "bulk_create", overhear_many)
    yield judge
    assert not judge.complaints, "\n".join(judge.complaints)


@pytest.fixture
def in_process_transport(monkeypatch: pytest.MonkeyPatch) -> httpx.BaseTransport:
    """Requests to `http://testserver` are answered by this project, in this thread.

    The end of an inner request must not close the database connection that the test holds.
    Disconnecting the signal would not do: Django's test client connects it again.
    """
    monkeypatch.setattr(
        BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda connection: None
    )
    return httpx.WSGITransport(app=WSGIHandler())


@pytest.fixture
def bare_sandbox(
    db: None,
    polars_schema: Judge,
    in_process_transport: httpx.BaseTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SandboxInTests]:
    """The sandbox and the app wired to each other, with an empty catalogue."""
    monkeypatch.setattr(
        clients, "open_client", lambda: httpx.Client(transport=in_process_transport)
    )
    with mounted(in_process_transport):
        yield SandboxInTests(in_process_transport)


@pytest.fixture
def sandbox(bare_sandbox: SandboxInTests) -> SandboxInTests:
    """The sandbox with the catalogue of this module, which the app's mirror knows already."""
    bare_sandbox.seed()
    bare_sandbox.deliver()
    return bare_sandbox
