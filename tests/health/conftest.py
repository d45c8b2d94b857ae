"""Each test asks the provider anew."""

import pytest

from polar_django.health import reaching
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
