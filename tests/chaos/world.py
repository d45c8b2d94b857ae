"""Everything a run needs, on 127.0.0.1: databases, broker, provider, shop, workers, networks.

sandbox ──deliveries──▶ proxy ──▶ shop ──▶ PostgreSQL ◀── workers ──▶ proxy ──▶ sandbox
                                    └─────── Redis ───────┘
"""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx

from example_project.servers import free_port
from tests.chaos import databases
from tests.chaos.processes import ROOT, Child
from tests.chaos.proxy import Proxy

__all__ = ["NotReady", "World", "wait_until", "world"]

CATALOG = Path(__file__).with_name("catalog.toml")
# One process with threads, and one that works through processes of its own.
POOLS = ("threads", "prefork")
TOKEN = "polar_oat_sandbox"
SECRET = "whsec_Y2hhb3MtY2hhb3MtY2hhb3MtY2hhb3MtY2hhb3M="


class NotReady(Exception):
    """Something did not come about in time; the message says what, and ends with the logs."""


def wait_until(what: str, is_so: Callable[[], bool], seconds: float) -> None:
    """Look every tenth of a second. Raises NotReady."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise NotReady(f"After {seconds:.0f} s still not: {what}.")
        time.sleep(0.1)


class World:
    """The parts of a run, and what can be done to them.

    `api` speaks to the sandbox directly, as its own control room; the app goes through
    `provider_network`, the deliveries through `webhook_network`.
    """

    def __init__(
        self,
        directory: Path,
        database: databases.Database,
        broker: databases.Broker,
    ) -> None:
        self.directory = directory
        self.database = database
        self.broker = broker
        self._sandbox_port, self._shop_port = free_port(), free_port()
        self.provider_network = Proxy(self._sandbox_port)
        self.webhook_network = Proxy(self._shop_port)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "POLAR_TEST_DATABASE_URL": database.url,
            "POLAR_TEST_BROKER_URL": broker.url,
            "CHAOS_PROVIDER_URL": self.provider_network.url,
            "CHAOS_WEBHOOK_SECRET": SECRET,
            "PYTHONUNBUFFERED": "1",
        }
        self.sandbox_file = directory / "sandbox.sqlite3"
        self.sandbox = self._child("sandbox", *self._sandbox_command("serve", "--port"))
        self.shop = self._child("shop", "tests.chaos.shop", str(self._shop_port))
        celery = ("celery", "--app", "tests.celery_app", "--quiet")
        quiet = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
        self.workers = [
            self._child(
                f"worker-{number}",
                *(*celery, "worker", "--pool", pool, "--concurrency", "2", *quiet),
                *("--hostname", f"chaos-{number}@%h"),
            )
            for number, pool in enumerate(POOLS, start=1)
        ]
        schedule = str(directory / "beat")
        self.beat = self._child("beat", *celery, "beat", "--schedule", schedule)
        self.api = httpx.Client(
            base_url=f"http://127.0.0.1:{self._sandbox_port}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=300,
        )

    @property
    def children(self) -> list[Child]:
        return [self.sandbox, self.shop, *self.workers, self.beat]

    def logs(self) -> str:
        return "\n".join(child.tail() for child in self.children)

    def start_provider(self) -> None:
        """The sandbox with its catalogue; its events wait for the shop."""
        command = [sys.executable, "-m", *self._sandbox_command("seed", str(CATALOG))]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=60)
        self.sandbox.start()
        wait_until("the sandbox answers", lambda: _listens(self._sandbox_port), 60)

    def start_shop(self) -> None:
        """The web process, the workers and beat; the tables must stand by then."""
        for child in (self.shop, *self.workers, self.beat):
            child.start()
        wait_until("the shop answers", lambda: _listens(self._shop_port), 60)

    def revive(self) -> int:
        """Start again what has ended by itself, as a supervisor does; how many.

        Celery's own consumer dies of a Redis that is away at the wrong moment.
        """
        ended = [child for child in self.children if not child.is_running]
        for child in ended:
            child.start()
        return len(ended)

    def control(self, action: str, **body: object) -> httpx.Response:
        answer = self.api.post(f"/_control/{action}", json=body)
        answer.raise_for_status()
        return answer

    def enable_endpoint(self, enabled: bool = True) -> bool:
        """Whether the endpoint was switched: the provider disables one that fails for long."""
        found = self.api.get("/v1/webhooks/endpoints").json()["items"]
        changed = [each for each in found if each["enabled"] != enabled]
        for each in changed:
            self.api.patch(f"/v1/webhooks/endpoints/{each['id']}", json={"enabled": enabled})
        return bool(changed)

    def ledger(self) -> list[tuple[str, bool | None, int, str]]:
        """Every event the sandbox made for the endpoint: id, whether it arrived, attempts, body."""
        with closing(sqlite3.connect(f"file:{self.sandbox_file}?mode=ro", uri=True)) as connection:
            return list(
                connection.execute(
                    "SELECT id, succeeded, attempts_made, body FROM polar_sandbox_webhookevent"
                )
            )

    def close(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop()
        self.api.close()
        self.provider_network.close()
        self.webhook_network.close()

    def _child(self, name: str, *command: str) -> Child:
        return Child(name, self.directory / f"{name}.log", self.environment, *command)

    def _sandbox_command(self, *action: str) -> tuple[str, ...]:
        target = f"{self.webhook_network.url}/billing/webhooks/polar/"
        return (
            *("polar_django.sandbox", "--database", str(self.sandbox_file)),
            *("--webhook-url", target, "--webhook-secret", SECRET),
            *action,
            *((str(self._sandbox_port),) if action[-1] == "--port" else ()),
        )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """PostgreSQL, Redis and the networks; the rest is started step by step, all is ended here."""
    with ExitStack() as running:
        database = running.enter_context(databases.database(directory / "postgresql"))
        broker = running.enter_context(databases.broker(directory / "redis"))
        made = World(directory, database, broker)
        running.callback(made.close)
        yield made
