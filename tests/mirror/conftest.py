import pytest

from polar_django.mirror import walking
from polar_django.providers.transport import mounted
from tests.mirror.faults import FaultyTransport


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds that would have been waited for the provider."""
    waited: list[float] = []
    monkeypatch.setattr(walking.time, "sleep", waited.append)
    return waited


@pytest.fixture
def faulty(sandbox, in_process_transport):
    """The way to the sandbox, which fails when asked to."""
    transport = FaultyTransport(in_process_transport)
    with mounted(transport):
        yield transport
