"""`polar_sync`: a full copy of what the provider has; `--check` only says what differs."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from polar_django.exceptions import PolarDjangoError
from polar_django.mirror.backfill import KINDS, backfill, compare
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider


class Command(BaseCommand):
    help = "Copies products, customers, subscriptions, orders and grants from the provider."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"only: {', '.join(KINDS)}")
        parser.add_argument("--provider", help="its name; by default DEFAULT_PROVIDER")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 if the mirror differs"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = options["kinds"] or KINDS
        if unknown := sorted(set(kinds) - set(KINDS)):
            raise CommandError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(KINDS)}.")
        try:
            provider = get_provider(options["provider"])
            run = self._check if options["check"] else self._copy
            run(provider, kinds, as_json=options["json"])
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _copy(self, provider: Provider, kinds: Sequence[str], *, as_json: bool) -> None:
        counts = {kind: {"seen": 0, "written": 0} for kind in kinds}
        for step in backfill(provider, kinds):
            counts[step.kind] = {"seen": step.seen, "written": step.written}
            if not as_json:
                self.stdout.write(f"{step.kind}: {step.seen} seen, {step.written} written")
        if as_json:
            self.stdout.write(json.dumps(counts))
        else:
            written = sum(count["written"] for count in counts.values())
            self.stdout.write(self.style.SUCCESS(f"Done: {written} objects written."))

    def _check(self, provider: Provider, kinds: Sequence[str], *, as_json: bool) -> None:
        found = {}
        for result in compare(provider, kinds):
            found[result.kind] = {
                "seen": result.seen,
                "missing": result.missing,
                "outdated": result.outdated,
            }
            if not as_json:
                self.stdout.write(
                    f"{result.kind}: {result.seen} seen, {len(result.missing)} missing here, "
                    f"{len(result.outdated)} outdated"
                )
        if as_json:
            self.stdout.write(json.dumps(found))
        if any(result["missing"] or result["outdated"] for result in found.values()):
            raise CommandError("The mirror differs: run polar_sync.", returncode=1)
