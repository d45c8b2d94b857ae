"""`polar_inbox list|replay|purge`: look at what providers sent, and have it done again."""

import json
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q, QuerySet
from django.utils import timezone

from polar_django.conf import get_settings
from polar_django.models import WebhookDelivery
from polar_django.webhooks import inbox, inline, wakeup

State = WebhookDelivery.State
# The largest number that a row can have, in every database.
_LAST_ROW = 2**63 - 1


def _number(text: str) -> int:
    """A whole number from 0: a negative age would purge what has just arrived."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0.")
    return int(text)


class Command(BaseCommand):
    help = "List, replay or purge received webhook deliveries."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        show = actions.add_parser("list", help="the newest deliveries, without their bodies")
        show.add_argument("--state", choices=State.values, action="append")
        show.add_argument("--limit", type=_number, default=50)
        show.add_argument("--json", action="store_true", dest="as_json")
        replay = actions.add_parser("replay", help="process deliveries again")
        replay.add_argument("ids", nargs="*", metavar="ID", help="a row's number or a webhook id")
        replay.add_argument("--dead", action="store_true", help="all that gave up")
        replay.add_argument("--state", choices=State.values, action="append", help="all of a state")
        replay.add_argument("--type", action="append", help="all of an event type")
        replay.add_argument(
            "--since", type=_moment, metavar="TIME", help="received since then (ISO)"
        )
        replay.add_argument("--until", type=_moment, metavar="TIME", help="received before then")
        replay.add_argument("--json", action="store_true", dest="as_json")
        purge = actions.add_parser("purge", help="delete old deliveries that are settled")
        purge.add_argument(
            "--older-than", type=_number, metavar="DAYS", help="default: INBOX_RETENTION_DAYS"
        )
        purge.add_argument("--dead", action="store_true", help="those that gave up, too")
        purge.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        {"list": self._list, "replay": self._replay, "purge": self._purge}[options["action"]](
            options
        )

    def _list(self, options: dict[str, Any]) -> None:
        found = WebhookDelivery.objects.defer("body").order_by("-pk")
        if options["state"]:
            found = found.filter(state__in=options["state"])
        rows = [_summary(delivery) for delivery in found[: options["limit"]]]
        if options["as_json"]:
            self._say_json(rows)
            return
        for row in rows:
            self.stdout.write(
                f"{row['id']:>8}  {row['state']:<10}  {row['received_at']}  {row['provider']}  "
                f"{row['type'] or 'unreadable'}  {row['delivery_id']}"
            )
            if row["error"]:
                self.stdout.write(f"{'':>8}  {row['error']}")
        self.stdout.write(f"{len(rows)} deliveries.")

    def _replay(self, options: dict[str, Any]) -> None:
        chosen = _chosen(options)
        if bool(options["ids"]) == bool(chosen):
            raise CommandError(
                "Name the deliveries to replay, or choose them by --dead, --state, --type, --since "
                "and --until, which all have to hold."
            )
        wanted = WebhookDelivery.objects.filter(
            _names(options["ids"]) if options["ids"] else chosen
        )
        stuck = _stuck(wanted)
        if options["ids"] and stuck:
            told = "; ".join(f"{pk} is {why}" for pk, why in stuck.items())
            raise CommandError(f"This cannot be replayed: {told}. Nothing was replayed.")
        replayed = inbox.replay(wanted)
        states = self._wake(replayed) if replayed else {}
        if options["as_json"]:
            self._say_json({"replayed": replayed, **({"states": states} if states else {})})
            return
        if states:
            became = ", ".join(f"{number} {state}" for state, number in states.items())
            self.stdout.write(f"{len(replayed)} deliveries were worked off: {became}.")
        else:
            self.stdout.write(f"{len(replayed)} deliveries are pending again.")
        for why, number in Counter(stuck.values()).items():
            self.stdout.write(f"{number} left alone: {why}.")

    def _wake(self, replayed: Sequence[int]) -> dict[str, int]:
        """Have them worked off; what became of them, where that was done here."""
        # Not `wake()`, whose thread would end with this process before it has spoken.
        if get_settings().process_inline:
            inline.work_off()
            became = WebhookDelivery.objects.filter(pk__in=replayed).order_by("state")
            return dict(Counter(became.values_list("state", flat=True)))
        if not wakeup.publish():
            self.stderr.write("The broker cannot be reached: the sweeper will find them.")
        return {}

    def _purge(self, options: dict[str, Any]) -> None:
        days = options["older_than"]
        days = get_settings().inbox_retention_days if days is None else days
        states = [State.PROCESSED, State.IGNORED, *([State.DEAD] if options["dead"] else [])]
        deleted = inbox.purge(days, states=states)
        if options["as_json"]:
            self._say_json({"purged": deleted})
        else:
            self.stdout.write(f"{deleted} deliveries older than {days} days are purged.")

    def _say_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _moment(text: str) -> datetime:
    """A time from the command line; one without an offset is in the project's time zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


def _chosen(options: Mapping[str, Any]) -> Q:
    """The condition that the filters make together; empty where there are none."""
    states = [*(options["state"] or ()), *([State.DEAD] if options["dead"] else ())]
    given = {
        "state__in": states,
        "type__in": options["type"],
        "received_at__gte": options["since"],
        "received_at__lt": options["until"],
    }
    return Q(**{name: value for name, value in given.items() if value})


def _names(ids: Sequence[str]) -> Q:
    """The condition of having one of those row numbers or webhook ids; CommandError if unknown."""
    numbers = [int(text) for text in ids if text.isdecimal() and int(text) <= _LAST_ROW]
    named = Q(pk__in=numbers) | Q(delivery_id__in=ids)
    found = WebhookDelivery.objects.filter(named)
    known = {key for pair in found.values_list("pk", "delivery_id") for key in map(str, pair)}
    if unknown := [text for text in ids if text not in known]:
        raise CommandError(f"There is no delivery {', '.join(unknown)}; nothing was replayed.")
    return named


def _stuck(deliveries: QuerySet[WebhookDelivery]) -> dict[int, str]:
    """Those that `inbox.replay` leaves alone, by their numbers, each with the reason. Two
    queries."""
    empty = deliveries.filter(body=b"").values_list("pk", flat=True)
    busy = deliveries.filter(state=State.PROCESSING, due_at__gt=timezone.now())
    return {
        **dict.fromkeys(busy.values_list("pk", flat=True), "in a worker's hands"),
        **dict.fromkeys(empty, "without a body (INBOX_BODY_DAYS, or its person was forgotten)"),
    }


def _summary(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "delivery_id": delivery.delivery_id,
        "provider": delivery.provider,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "received_at": delivery.received_at.isoformat(timespec="seconds"),
        "due_at": delivery.due_at.isoformat(timespec="seconds"),
        "error_type": delivery.error_type,
        "error": delivery.error,
    }
