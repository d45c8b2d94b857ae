"""`python -m tests.benchmarks.copying`: one backfill into empty tables, and what it took.

Prints one line of JSON: megabytes above the start, seconds of our own and in all, objects.
"""

import json
import os
import resource
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
django.setup()

from polar_django.mirror import cursors  # noqa: E402  (after the setup)
from polar_django.mirror.backfill import backfill  # noqa: E402
from polar_django.mirror.tables import TABLES  # noqa: E402
from polar_django.models import Customer, Walk  # noqa: E402
from polar_django.providers.registry import get_provider  # noqa: E402


def peak() -> float:
    """The most memory this process has had so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def now() -> float:
    """The memory it has, in megabytes; where the system does not tell, the most it has had."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak()
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    for table in TABLES.values():
        table._default_manager.all().delete()
    Walk.objects.all().delete()
    provider = get_provider("polar")
    walk = cursors.begin("polar", Walk.Purpose.BACKFILL)
    start, own, everything = now(), time.process_time(), time.perf_counter()
    seen: dict[str, int] = {}
    for progress in backfill(provider, walk=walk):
        seen[progress.kind] = progress.seen
    found = {
        "peak": peak() - start,
        "own": time.process_time() - own,
        "all": time.perf_counter() - everything,
        "objects": sum(seen.values()),
        "customers": Customer.objects.count(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
