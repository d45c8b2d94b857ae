import pytest

from polar_django.webhooks import dispatch


@pytest.fixture(autouse=True)
def _only_our_handlers(monkeypatch):
    monkeypatch.setattr(dispatch, "_handlers", {})


@pytest.fixture
def listen():
    """Connect receivers for the time of the test."""
    connected = []

    def connect(signal, receiver):
        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))

    yield connect
    for signal, receiver in connected:
        signal.disconnect(receiver)
