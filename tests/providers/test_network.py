"""The same client on real sockets: what a mock cannot show."""

import os
import socket
import threading
from contextlib import contextmanager

import pytest

from polar_django.exceptions import ProviderUnavailable
from polar_django.providers.pool import ClientPool
from tests.ports import closed_port
from tests.providers.fakes import Waits, transport

OK = b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 08:00:00 GMT\r\n"


@contextmanager
def listening(*answers, hold=False):
    """A server on 127.0.0.1 that gives one raw answer a connection; gives its address and count."""
    accepted = []
    released = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for raw in answers:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                accepted.append(connection)
                connection.recv(65536)
                connection.sendall(raw)
                if hold:
                    released.wait(60)
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", accepted
        finally:
            released.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(60)


def get(client):
    return client.request("GET", "/v1/products/")


def test_a_body_that_ends_too_early_is_read_again():
    cut = OK + b'Content-Length: 100\r\n\r\n{"id": "cut'
    whole = OK + b'Content-Length: 12\r\nConnection: close\r\n\r\n{"id": "ok"}'
    waits = Waits()
    with listening(cut, whole) as (address, accepted):
        assert get(transport(waits, base_url=address)).data == {"id": "ok"}
    assert (len(accepted), waits) == (2, [0.4])


def test_a_body_that_always_ends_too_early_is_given_up():
    cut = OK + b'Content-Length: 100\r\n\r\n{"id": "cut'
    with (
        listening(cut, cut, cut) as (address, accepted),
        pytest.raises(ProviderUnavailable, match="cut off"),
    ):
        get(transport(base_url=address))
    assert len(accepted) == 3


def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time():
    with (
        listening(b"", hold=True) as (address, _),
        pytest.raises(ProviderUnavailable, match="did not answer in time"),
    ):
        transport(base_url=address, timeout=0.1).request("POST", "/v1/checkouts/", body={})


def test_a_closed_port_is_tried_again_even_for_a_write():
    waits = Waits()
    with closed_port() as port:
        client = transport(waits, base_url=f"http://127.0.0.1:{port}")
        with pytest.raises(ProviderUnavailable, match="could not reach") as raised:
            client.request("POST", "/v1/checkouts/", body={})
    assert waits == [0.4, 0.8]
    assert raised.value.__cause__ is not None
    assert "may have had its effect" not in str(raised.value)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with listening(OK + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}") as (address, _):
        assert get(transport(base_url=address)).data == {}


def test_a_forked_process_gets_a_client_of_its_own(monkeypatch):
    pool = ClientPool({}, timeout=1.0)
    client = pool.client()
    assert pool.client() is client
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert pool.client() is not client
