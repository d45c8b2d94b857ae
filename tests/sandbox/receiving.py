"""An application's side of the deliveries: keeps what came, and answers as it is told."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from django.test import override_settings

from polar_django.sandbox import clients
from polar_django.sandbox.engine import catalog, endpoints
from polar_django.sandbox.models import WebhookEndpoint, WebhookEvent

URL = "https://app.example/hooks"


class Receiver:
    """What was delivered, oldest first; `answer` is what the next one hears."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(202)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def answers(self, status: int) -> None:
        self.answer = lambda _: httpx.Response(status, text="told to")

    @property
    def types(self) -> list[str]:
        return [json.loads(request.content)["type"] for request in self.requests]

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    receiver = Receiver()
    transport = httpx.MockTransport(receiver)
    monkeypatch.setattr(clients, "open_client", lambda: httpx.Client(transport=transport))
    return receiver


@pytest.fixture
def endpoint(db: None, receiver: Receiver) -> Iterator[WebhookEndpoint]:
    with override_settings(POLAR_SANDBOX={"AUTO_DELIVER": False}):
        yield endpoints.create_endpoint({"url": URL, "events": ["benefit.created"]})


def make_events(count: int = 1) -> list[str]:
    """Events of which nothing else follows; their ids in order."""
    for number in range(count):
        catalog.create_benefit({"type": "custom", "description": f"Benefit {number}"})
    rows = WebhookEvent.objects.order_by("-created_at")[:count]
    return [str(row.id) for row in reversed(rows)]
