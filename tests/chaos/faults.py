"""What goes wrong, one thing at a time, while time passes."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from polar_django import tasks
from tests.chaos.processes import Child
from tests.chaos.world import World

__all__ = ["Faults"]


class Faults:
    """Every kind of fault in an order of the seed's; `survived` counts them by name."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.survived: Counter[str] = Counter()
        self._kinds: Mapping[str, Callable[[], None]] = {
            "worker killed": self._kill_worker,
            "every worker killed at once": self._kill_all_workers,
            "processes of a worker killed": self._kill_offspring,
            "web process killed": self._kill_shop,
            "Redis killed, its messages lost": self._restart_redis,
            "PostgreSQL connections cut": self._cut_connections,
            "PostgreSQL crashed and recovered": lambda: self.world.database.restart("immediate"),
            "PostgreSQL restarted": lambda: self.world.database.restart("fast"),
            "network to the provider refused": lambda: self._provider("refuse"),
            "network to the provider stalled": lambda: self._provider("stall"),
            "answers of the provider cut off": lambda: self._provider("cut"),
            "network of the deliveries refused": lambda: self._webhooks("refuse"),
            "answers to deliveries cut off": lambda: self._webhooks("cut"),
        }
        self._to_come: list[str] = []
        self._failure: BaseException | None = None

    @contextmanager
    def one(self) -> Iterator[None]:
        """The next fault strikes while the block runs; over when it is. Raises what it raised."""
        if not self._to_come:
            # Workers die most often.
            self._to_come = [*self._kinds, "worker killed", "worker killed", "worker killed"]
            self.rng.shuffle(self._to_come)
        name = self._to_come.pop()
        delay = self.rng.uniform(0, 0.3)
        thread = threading.Thread(target=self._strike, args=(name, delay))
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _strike(self, name: str, delay: float) -> None:
        try:
            # So that it strikes in the middle of something.
            time.sleep(delay)
            self._kinds[name]()
            self.survived[name] += 1
        except BaseException as error:
            self._failure = error

    def _kill_worker(self) -> None:
        _again(self.rng.choice(self.world.workers))

    def _kill_all_workers(self) -> None:
        for worker in self.world.workers:
            worker.kill()
        for worker in self.world.workers:
            worker.start()

    def _kill_offspring(self) -> None:
        """Celery's prefork pool notices, and starts others."""
        killed = sum(worker.kill_offspring() for worker in self.world.workers)
        self.survived["worker processes killed under their parent"] += killed

    def _kill_shop(self) -> None:
        _again(self.world.shop)

    def _restart_redis(self) -> None:
        self.world.broker.kill()
        time.sleep(self.rng.uniform(0, 1))
        self.world.broker.start()

    def _cut_connections(self) -> None:
        for _ in range(3):
            self.survived["database connections lost"] += self.world.database.cut_connections()
            time.sleep(0.2)

    def _provider(self, mode: str) -> None:
        with self.world.provider_network.broken_by(mode):
            # A walk that has just begun, or goes on, so that there is something to break.
            tasks.reconcile.apply_async(expires=10, retry=False)
            time.sleep(self.rng.uniform(1.5, 3))

    def _webhooks(self, mode: str) -> None:
        with self.world.webhook_network.broken_by(mode):
            time.sleep(self.rng.uniform(0.1, 0.5))


def _again(child: Child) -> None:
    child.kill()
    child.start()
