"""`polar_sync`: a full copy of what the provider has; `--check` says what differs, `--repair` mends
it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from polar_django.exceptions import PolarDjangoError
from polar_django.mirror import cursors
from polar_django.mirror.backfill import backfill
from polar_django.mirror.comparing import compare
from polar_django.mirror.drift import Drift
from polar_django.mirror.reconcile import reconcile, reconcile_customer
from polar_django.mirror.steps import KINDS
from polar_django.mirror.walking import Patience
from polar_django.models import Customer, Walk
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider

_BAR = 24


class Command(BaseCommand):
    help = "Copies products, customers, subscriptions, orders and grants from the provider."
    _line_is_open = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"only: {', '.join(KINDS)}")
        parser.add_argument("--provider", help="its name; by default DEFAULT_PROVIDER")
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 if the mirror differs"
        )
        action.add_argument(
            "--repair",
            action="store_true",
            help="write what differs, mark what is no more, and tell",
        )
        action.add_argument("--customer", metavar="ID", help="repair one customer's objects")
        parser.add_argument(
            "--restart", action="store_true", help="begin anew instead of going on where it stopped"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = options["kinds"] or KINDS
        if unknown := sorted(set(kinds) - set(KINDS)):
            raise CommandError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(KINDS)}.")
        if options["customer"] and options["kinds"]:
            raise CommandError("--customer repairs all of one customer's kinds: name none.")
        if options["restart"] and (options["check"] or options["customer"] or options["kinds"]):
            raise CommandError(
                "--restart is for the whole copy and the whole repair: a check, one customer and "
                "single kinds always begin at the beginning."
            )
        try:
            provider = get_provider(options["provider"])
            if options["check"]:
                self._check(provider, kinds, options)
            elif options["customer"]:
                found = reconcile_customer(provider, options["customer"], Patience())
                self._tell_repairs(_counted(found), options)
            elif options["repair"]:
                self._repair(provider, kinds, options)
            else:
                self._copy(provider, kinds, options)
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _copy(self, provider: Provider, kinds: Sequence[str], options: dict[str, Any]) -> None:
        counts = {kind: {"seen": 0, "written": 0} for kind in kinds}
        walk = self._begin(provider, Walk.Purpose.BACKFILL, options)
        try:
            for step in backfill(provider, kinds, walk=walk, patience=Patience()):
                counts[step.kind] = {"seen": step.seen, "written": step.written}
                if not options["json"]:
                    line = f"{step.kind}: {step.seen} seen, {step.written} written"
                    self._progress(line, step.seen, step.total)
        finally:
            if walk:
                cursors.release(walk)
            self._end_progress()
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            written = sum(count["written"] for count in counts.values())
            self.stdout.write(self.style.SUCCESS(f"Done: {written} objects written."))

    def _repair(self, provider: Provider, kinds: Sequence[str], options: dict[str, Any]) -> None:
        walk = self._begin(provider, Walk.Purpose.RECONCILE, options)
        walk = walk or cursors.alone(provider.name)
        try:
            for drift in reconcile(provider, walk, Patience(), kinds):
                if not options["json"]:
                    self._progress(_sentence(drift.kind, walk.report[drift.kind]))
        finally:
            cursors.release(walk)
            self._end_progress()
        self._tell_repairs(walk.report, options)

    def _begin(self, provider: Provider, purpose: str, options: dict[str, Any]) -> Walk | None:
        """The walk to go on with; None for some kinds only, which are walked in one go."""
        if options["kinds"]:
            return None
        walk = cursors.begin(provider.name, purpose, restart=options["restart"])
        if walk is None:
            raise CommandError(
                "Another process is at it. One that was killed is given up after "
                f"{cursors.LEASE.seconds // 60} minutes."
            )
        if walk.kind and not options["json"]:
            self.stdout.write(f"Going on at {walk.kind}, page {walk.page}.")
        return walk

    def _check(self, provider: Provider, kinds: Sequence[str], options: dict[str, Any]) -> None:
        found = {}
        for result in compare(provider, kinds):
            found[result.kind] = {
                "seen": result.seen,
                "missing": result.missing,
                "outdated": result.outdated,
                "gone": result.gone,
            }
            if not options["json"]:
                self.stdout.write(_sentence(result.kind, result.counts))
        unclaimed = Customer.objects.unclaimed().filter(provider=provider.name)
        if options["json"]:
            self.stdout.write(json.dumps(found))
        elif number := unclaimed.count():
            self.stdout.write(f"{number} customers are nobody's here (Customer.objects.unclaimed).")
        if any(one["missing"] or one["outdated"] or one["gone"] for one in found.values()):
            raise CommandError("The mirror differs: run polar_sync --repair.", returncode=1)

    def _tell_repairs(self, report: dict[str, dict[str, int]], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        for kind, counts in report.items():
            self.stdout.write(_sentence(kind, counts))
        written = sum(counts["written"] for counts in report.values())
        self.stdout.write(self.style.SUCCESS(f"Done: {written} rows repaired."))

    def _progress(self, line: str, seen: int = 0, total: int | None = None) -> None:
        """One line that is written over on a terminal, one after the other elsewhere."""
        if not self.stdout.isatty():
            self.stdout.write(line)
            return
        if total:
            full = min(_BAR * seen // total, _BAR)
            line = f"[{'█' * full}{'·' * (_BAR - full)}] {line} of {total}"
        is_last = bool(total) and seen >= (total or 0)
        self.stdout.write(f"\r\x1b[K{line}", ending="\n" if is_last else "")
        self._line_is_open = not is_last

    def _end_progress(self) -> None:
        """What is said next begins a line of its own."""
        if self._line_is_open:
            self.stdout.write("")
            self._line_is_open = False


def _counted(found: Iterable[Drift]) -> dict[str, dict[str, int]]:
    report: dict[str, dict[str, int]] = {}
    for drift in found:
        known = report.setdefault(drift.kind, dict.fromkeys(drift.counts, 0))
        for name, number in drift.counts.items():
            known[name] += number
    return report


def _sentence(kind: str, counts: dict[str, int]) -> str:
    return (
        f"{kind}: {counts['seen']} seen, {counts['missing']} missing here, "
        f"{counts['outdated']} outdated, {counts['gone']} no more at the provider"
    )
