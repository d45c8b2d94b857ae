"""What is known about somebody, and forgetting them: `polar_privacy export|erase SUBSCRIBER`, or
`--customer ID` for who is no subscriber here."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import MultipleObjectsReturned
from django.core.management.base import BaseCommand, CommandError, CommandParser

from polar_django.billing import export_customer
from polar_django.conf import subscriber_model
from polar_django.exceptions import ObjectNotFound, PolarDjangoError
from polar_django.models import Customer
from polar_django.privacy import (
    Erased,
    erase_subscriber,
    erase_unclaimed,
    export_subscriber,
    export_unclaimed,
)
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
            whom = action.add_mutually_exclusive_group(required=True)
            whom.add_argument(
                "subscriber", nargs="?", help="the primary key, or a user's name to sign in"
            )
            whom.add_argument(
                "--customer", metavar="ID", help="who is no subscriber here: the customer's id"
            )
        export.add_argument("--output", type=Path, help="a file; by default it is printed")
        export.add_argument(
            "--with-provider", action="store_true", help="also what the provider says now"
        )
        erase.add_argument("--yes", action="store_true", help="do not ask")
        erase.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        person = _person(options)
        try:
            {"export": self._export, "erase": self._erase}[options["action"]](person, options)
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _export(self, person: Any, options: dict[str, Any]) -> None:
        export = export_unclaimed if isinstance(person, Customer) else export_subscriber
        found: dict[str, Any] = {"here": export(person)}
        if options["with_provider"]:
            try:
                found["provider"] = export_customer(person)
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

    def _erase(self, person: Any, options: dict[str, Any]) -> None:
        # Afterwards a customer has no name.
        whom = _named(person)
        if not options["yes"]:
            if not sys.stdin.isatty():
                raise CommandError("Add --yes: there is nobody to ask.")
            answer = input(
                f"{whom}: subscriptions end now, and what names this person is forgotten, for "
                "good. Go on? [y/N] "
            )
            if answer.strip().lower() not in {"y", "yes"}:
                return
        erase = erase_unclaimed if isinstance(person, Customer) else erase_subscriber
        erased = erase(person)
        if options["as_json"]:
            self.stdout.write(json.dumps({"whom": whom, **asdict(erased)}))
            return
        self._tell(whom, erased)

    def _tell(self, whom: str, erased: Erased) -> None:
        self.stdout.write(
            f"{whom} is forgotten: {erased.customers} customers, {erased.rows} rows, "
            f"{erased.usage_events} usage events, the bodies of {erased.deliveries} deliveries."
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


def _person(options: dict[str, Any]) -> Any:
    """The subscriber, or the customer, whom the arguments name; CommandError."""
    if options["customer"]:
        customer = Customer.objects.filter(pk=options["customer"]).first()
        if customer is None:
            raise CommandError(f"There is no customer {options['customer']!r} in the mirror.")
        return customer
    try:
        found = find_subscriber(options["subscriber"])
    except MultipleObjectsReturned as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(
            f"There is no subscriber {options['subscriber']!r} ({subscriber_model()}). Who bought "
            "without an account, or is not linked, is named by --customer ID; for who only holds "
            "a seat see docs/privacy.md."
        )
    return found


def _named(person: Any) -> str:
    """Whom it is about, so that the wrong one is noticed: the words for them, and the key."""
    if isinstance(person, Customer):
        return f"{person.email or person.name or 'The customer'} (customer {person.pk})"
    return f"{person} ({person._meta.verbose_name} {person.pk})"
