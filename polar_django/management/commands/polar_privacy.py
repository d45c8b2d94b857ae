"""What is known about somebody, and forgetting them: `polar_privacy export|erase SUBSCRIBER`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polar_django.billing import export_customer
from polar_django.exceptions import ObjectNotFound, PolarDjangoError
from polar_django.privacy import erase_subscriber, export_subscriber
from polar_django.subscribers import find_subscriber


class Command(BaseCommand):
    help = "Writes everything known about a subscriber as JSON, or forgets the person."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="everything that is known, as JSON")
        erase = actions.add_parser(
            "erase", help="forget the person, here and at the provider; subscriptions end"
        )
        for action in (export, erase):
            action.add_argument("subscriber", help="the primary key, or a user's name to sign in")
        export.add_argument("--output", type=Path, help="a file; by default it is printed")
        export.add_argument(
            "--with-provider", action="store_true", help="also what the provider says now"
        )
        erase.add_argument("--yes", action="store_true", help="do not ask")
        erase.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        subscriber = find_subscriber(options["subscriber"])
        if subscriber is None:
            raise CommandError(f"There is no subscriber {options['subscriber']!r}.")
        try:
            {"export": self._export, "erase": self._erase}[options["action"]](subscriber, options)
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _export(self, subscriber: Any, options: dict[str, Any]) -> None:
        found: dict[str, Any] = {"here": export_subscriber(subscriber)}
        if options["with_provider"]:
            try:
                found["provider"] = export_customer(subscriber)
            except ObjectNotFound:
                found["provider"] = {}
        text = json.dumps(found, indent=2, ensure_ascii=False)
        if options["output"] is None:
            self.stdout.write(text)
            return
        try:
            options["output"].write_text(text, "utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}.") from error
        self.stdout.write(f"Written to {options['output']}.")

    def _erase(self, subscriber: Any, options: dict[str, Any]) -> None:
        if not options["yes"]:
            if not sys.stdin.isatty():
                raise CommandError("Add --yes: there is nobody to ask.")
            answer = input(
                "Subscriptions end now, and what names this person is forgotten, for good. "
                "Go on? [y/N] "
            )
            if answer.strip().lower() not in {"y", "yes"}:
                return
        erased = erase_subscriber(subscriber)
        if options["as_json"]:
            self.stdout.write(json.dumps(asdict(erased)))
            return
        self.stdout.write(
            f"Forgotten: {erased.customers} customers, {erased.rows} rows, {erased.usage_events} "
            f"usage events, the bodies of {erased.deliveries} deliveries."
        )
        if erased.waiting:
            self.stdout.write(
                self.style.WARNING(
                    f"{erased.waiting} deliveries about them are still to be worked off. Run this "
                    "again when they are."
                )
            )
        if erased.seats:
            self.stdout.write(
                self.style.WARNING(
                    f"They hold {erased.seats} seats in others' teams, which those teams revoke."
                )
            )
