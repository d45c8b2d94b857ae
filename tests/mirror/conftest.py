import pytest

from polar_django.mirror import walking


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds that would have been waited for the provider."""
    waited: list[float] = []
    monkeypatch.setattr(walking.time, "sleep", waited.append)
    return waited
