"""The network that breaks does what it says; otherwise the run would survive nothing."""

import socket
import threading
from contextlib import suppress

import pytest

from tests.chaos.proxy import Proxy


@pytest.fixture
def echo():
    """The port of a server that answers every connection's first words with the same."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            # Those that the proxy resets are of no further interest.
            with connection, suppress(OSError):
                connection.sendall(connection.recv(100))

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo):
    made = Proxy(echo)
    yield made
    made.close()


def ask(proxy: Proxy, timeout: float = 10) -> bytes:
    """What comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout) as connection:
        connection.sendall(b"abcdefgh")
        answer = b""
        while data := connection.recv(100):
            answer += data
        return answer


def test_an_open_network_passes_everything(proxy):
    assert ask(proxy) == b"abcdefgh"
    assert proxy.broken == 0


def test_a_refusing_network_resets_connections_and_recovers(proxy):
    with proxy.broken_by("refuse"), pytest.raises(ConnectionError):
        ask(proxy)
    assert ask(proxy) == b"abcdefgh"
    assert proxy.broken == 1


def test_a_stalling_network_says_nothing(proxy):
    with proxy.broken_by("stall"), pytest.raises(TimeoutError):
        ask(proxy, timeout=0.2)
    assert ask(proxy) == b"abcdefgh"


def test_a_cutting_network_ends_an_answer_in_the_middle(proxy):
    answer = b""
    # Whether it ends with a reset or a farewell depends on which thread is first.
    with proxy.broken_by("cut"), suppress(ConnectionError):
        answer = ask(proxy)
    assert answer in (b"", b"abcd")
    assert proxy.broken == 1
    assert ask(proxy) == b"abcdefgh"
