"""`polar_grant give|revoke|list`: benefits given by hand."""

import json
from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import MultipleObjectsReturned
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from polar_django.billing.local_grants import grant_benefit, revoke_local_grant
from polar_django.conf import get_settings
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import BenefitGrant
from polar_django.subscribers import find_subscriber
from polar_django.webhooks import wakeup


def _moment(text: str) -> datetime:
    """`2027-01-31` (to the end of that day) or `2027-01-31T12:00`, in the project's time zone."""
    try:
        day = parse_date(text)
        found = parse_datetime(text) if day is None else None
        if day is not None:
            found = datetime(day.year, day.month, day.day) + timedelta(days=1)
    except (OverflowError, ValueError) as error:
        raise ArgumentTypeError(f"{text!r} is no date: {error}.") from error
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no date. Write 2027-01-31 or 2027-01-31T12:00.")
    return timezone.make_aware(found) if timezone.is_naive(found) else found


class Command(BaseCommand):
    help = "Give a benefit by hand, take it back, or list what was given."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        give = actions.add_parser("give", help="let a subscriber hold a benefit")
        revoke = actions.add_parser("revoke", help="end what was given; purchases stay")
        for action in (give, revoke):
            action.add_argument("subscriber", help="the primary key, or a user's name to sign in")
            action.add_argument("key", help="the benefit's key")
        give.add_argument("--until", type=_moment, help="the last day, or a moment; default: none")
        give.add_argument("--reason", default="", help="why, for whoever looks at it later")
        show = actions.add_parser("list", help="what was given and has not ended")
        show.add_argument("--all", action="store_true", help="what has ended, too")
        show.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        {"give": self._give, "revoke": self._revoke, "list": self._list}[options["action"]](options)

    def _give(self, options: dict[str, Any]) -> None:
        subscriber = _subscriber_called(options["subscriber"])
        try:
            grant = grant_benefit(
                subscriber, options["key"], until=options["until"], reason=options["reason"]
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._tell()
        end = f"until {_shown(grant.expires_at)}" if grant.expires_at else "without an end"
        self.stdout.write(f"{subscriber} holds {options['key']} {end}.")

    def _revoke(self, options: dict[str, Any]) -> None:
        subscriber = _subscriber_called(options["subscriber"])
        try:
            ended = revoke_local_grant(subscriber, options["key"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if not ended:
            raise CommandError(f"{subscriber} was given no {options['key']} by hand.")
        self._tell()
        self.stdout.write(f"{subscriber} no longer holds {options['key']} by hand.")

    def _list(self, options: dict[str, Any]) -> None:
        grants = BenefitGrant.objects.filter(provider=LOCAL)
        if not options["all"]:
            grants = grants.active()
        rows = [
            _summary(grant)
            for grant in grants.select_related("benefit", "subscriber").order_by("created_at", "pk")
        ]
        if options["as_json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            state = "live" if row["is_live"] else "over"
            end = row["expires_at"] or "no end"
            self.stdout.write(
                f"{row['subscriber'] or 'nobody'}  {row['key']}  {state}  {end}  {row['reason']}"
            )
        self.stdout.write(f"{len(rows)} grants.")

    def _tell(self) -> None:
        # The thread that wakes the worker would end with this process before it has spoken.
        if not get_settings().process_inline and not wakeup.publish():
            self.stderr.write("The broker cannot be reached: signals are sent by the sweeper.")


def _subscriber_called(text: str) -> Any:
    """The subscriber with that key or user name; CommandError."""
    try:
        found = find_subscriber(text)
    except MultipleObjectsReturned as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(f"There is no subscriber {text!r}.")
    return found


def _shown(moment: datetime) -> str:
    # datetime.max, for good, has no hour east of UTC.
    with suppress(OverflowError):
        moment = timezone.localtime(moment)
    return moment.isoformat(timespec="minutes")


def _summary(grant: BenefitGrant) -> dict[str, Any]:
    return {
        "id": grant.pk,
        "subscriber": str(grant.subscriber) if grant.subscriber else None,
        "key": (grant.benefit.key if grant.benefit else "") or grant.benefit_id,
        "is_live": grant.is_live(),
        "granted_at": _shown(grant.granted_at) if grant.granted_at else None,
        "revoked_at": _shown(grant.revoked_at) if grant.revoked_at else None,
        "expires_at": _shown(grant.expires_at) if grant.expires_at else None,
        "reason": grant.reason,
    }
