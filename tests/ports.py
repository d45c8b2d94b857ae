"""Ports of this machine for tests, chosen so that nobody else gets the same one."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Below what the usual systems hand out for connections and to whoever asks for any port.
_OWN = range(20_000, 32_000)
# pytest-randomly seeds the usual numbers, alike in every process of a run.
_chance = random.SystemRandom()


def port_of_our_own() -> int:
    """A port that is free, and stays free until the test's own server listens there.

    A port that the system chose can be anybody's again as soon as it is let go.
    """
    while True:
        port = _chance.choice(_OWN)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses every connection while the block runs: it is taken, and nobody listens.

    A port that is merely free may be taken by another process, or be connected to itself.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
