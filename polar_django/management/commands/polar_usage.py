"""`polar_usage list|send|retry|purge`: look at what was recorded, and have it sent."""

import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polar_django.conf import get_settings
from polar_django.models import UsageEvent
from polar_django.usage.sending import purge_usage, resend_usage, send_usage

State = UsageEvent.State


def _number(text: str) -> int:
    """A whole number from 0: a negative age would purge what has just been sent."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0.")
    return int(text)


class Command(BaseCommand):
    help = "List recorded usage, send it now, try again what gave up, or purge what was sent."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        show = actions.add_parser("list", help="the newest events")
        show.add_argument("--state", choices=State.values, action="append")
        show.add_argument("--limit", type=_number, default=50)
        send = actions.add_parser("send", help="send what is due, as the task flush_usage does")
        retry = actions.add_parser("retry", help="make events that gave up due again")
        retry.add_argument("ids", nargs="*", metavar="ID", help="the events' external ids")
        retry.add_argument("--all", action="store_true", help="all that gave up")
        purge = actions.add_parser("purge", help="delete events that were sent long ago")
        purge.add_argument(
            "--older-than", type=_number, metavar="DAYS", help="default: USAGE_RETENTION_DAYS"
        )
        for action in (show, send, retry, purge):
            action.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        act = {"list": self._list, "send": self._send, "retry": self._retry, "purge": self._purge}
        act[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        found = UsageEvent.objects.order_by("-pk")
        if options["state"]:
            found = found.filter(state__in=options["state"])
        rows = [_summary(event) for event in found[: options["limit"]]]
        if options["as_json"]:
            self._say_json(rows)
            return
        for row in rows:
            self.stdout.write(
                f"{row['state']:<8}  {row['timestamp']}  {row['name']}  "
                f"{row['external_customer_id']}  {row['external_id']}"
            )
            if row["error"]:
                self.stdout.write(f"{'':>8}  {row['error']}")
        self.stdout.write(f"{len(rows)} events.")

    def _send(self, options: dict[str, Any]) -> None:
        done = send_usage()
        counts = {"sent": done.sent, "put_off": done.put_off, "dead": done.dead}
        if options["as_json"]:
            self._say_json(counts)
        else:
            self.stdout.write(f"{done.sent} sent, {done.put_off} put off, {done.dead} given up.")
        if done.error:
            raise CommandError(f"The provider could not be told: {done.error}")

    def _retry(self, options: dict[str, Any]) -> None:
        if bool(options["ids"]) == options["all"]:
            raise CommandError("Name the events that gave up, or say --all.")
        dead = UsageEvent.objects.filter(state=State.DEAD)
        if options["ids"]:
            dead = dead.filter(external_id__in=options["ids"])
            known = set(dead.values_list("external_id", flat=True))
            if unknown := [name for name in options["ids"] if name not in known]:
                raise CommandError(f"No event that gave up is called {', '.join(unknown)}.")
        count = resend_usage(dead)
        if options["as_json"]:
            self._say_json({"retried": count})
        else:
            self.stdout.write(f"{count} events are due again.")

    def _purge(self, options: dict[str, Any]) -> None:
        given = options["older_than"]
        days = get_settings().usage_retention_days if given is None else given
        deleted = purge_usage(days)
        if options["as_json"]:
            self._say_json({"purged": deleted})
        else:
            self.stdout.write(f"{deleted} events sent more than {days} days ago are purged.")

    def _say_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _summary(event: UsageEvent) -> dict[str, Any]:
    return {
        "external_id": event.external_id,
        "name": event.name,
        "state": event.state,
        "timestamp": event.timestamp.isoformat(timespec="seconds"),
        "external_customer_id": event.external_customer_id,
        "attempts": event.attempts,
        "due_at": event.due_at.isoformat(timespec="seconds"),
        "sent_at": event.sent_at.isoformat(timespec="seconds") if event.sent_at else None,
        "error": event.error,
    }
