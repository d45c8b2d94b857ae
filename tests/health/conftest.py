"""Each test asks the provider anew."""

from collections.abc import Iterator

import httpx
import pytest

from polar_django.health import reaching
from polar_django.providers.transport import mounted
from polar_django.webhooks import dispatch


@pytest.fixture(autouse=True)
def memory(monkeypatch) -> reaching.Memory:
    """What the providers answered: nothing yet."""
    fresh = reaching.Memory()
    monkeypatch.setattr(reaching, "_memory", fresh)
    return fresh


@pytest.fixture
def token(settings) -> dict[str, str]:
    """The headers of a monitor that may ask."""
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "HEALTH_TOKEN": "monitor-token"}
    return {"authorization": "Bearer monitor-token"}


@pytest.fixture
def handlers_off(monkeypatch):
    """No `@on` handlers of the demo or of other tests."""
    monkeypatch.setattr(dispatch, "_handlers", {})


@pytest.fixture
def calls(sandbox) -> Iterator[list[str]]:
    """The addresses that the app asks the provider for, in order."""
    made: list[str] = []

    class Listening(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            made.append(request.url.path)
            return sandbox.transport.handle_request(request)

    with mounted(Listening()):
        yield made


@pytest.fixture
def away() -> Iterator[None]:
    """A provider that cannot be reached."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with mounted(httpx.MockTransport(refuse)):
        yield
