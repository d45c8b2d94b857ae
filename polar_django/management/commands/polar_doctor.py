"""`polar_doctor`: examine the installation, and say of each fault what to type."""

import json
from textwrap import fill
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from polar_django.doctor import Finding, Level, Report, examine

_WIDTH = 100


class Command(BaseCommand):
    help = "Examines settings, token, endpoint, deliveries, workers and names; exit 1 on an error."
    # The doctor says it better, and one thing after the other.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="https://your.site: deliver a test there")
        parser.add_argument("--provider", default="", help="its name; by default DEFAULT_PROVIDER")
        parser.add_argument(
            "--strict", action="store_true", help="exit 1 on a warning as on an error"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        report = examine(options["provider"], public_url=options["url"])
        if options["as_json"]:
            self.stdout.write(json.dumps(report.as_data(), indent=2))
        else:
            self._tell(report, options["verbosity"])
        if report.has_errors or (options["strict"] and report.findings):
            raise SystemExit(1)

    def _tell(self, report: Report, verbosity: int) -> None:
        for finding in report.findings:
            self._tell_one(finding)
        if verbosity > 1:
            for name, reason in report.skipped.items():
                self.stdout.write(f"not examined: {name} ({reason})")
        errors = sum(finding.level == Level.ERROR for finding in report.findings)
        if report.findings:
            warnings = len(report.findings) - errors
            self.stdout.write(f"{errors} errors, {warnings} warnings.")
        elif verbosity:
            self.stdout.write(
                self.style.SUCCESS(f"All is well: {len(report.examined)} examinations.")
            )

    def _tell_one(self, finding: Finding) -> None:
        style = self.style.ERROR if finding.level == Level.ERROR else self.style.WARNING
        self.stdout.write(style(f"{finding.level} {finding.code}"))
        for label, text in (("", finding.what), ("why: ", finding.why), ("fix: ", finding.fix)):
            # Addresses and commands are to be copied whole.
            self.stdout.write(
                fill(
                    label + text,
                    _WIDTH,
                    initial_indent="  ",
                    subsequent_indent="       " if label else "  ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
        self.stdout.write("")
