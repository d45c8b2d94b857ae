"""The webhook endpoint at the provider: `polar_webhook ensure|status|deliveries|redeliver`."""

import json
from argparse import ArgumentTypeError
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polar_django.exceptions import InvalidRequest, ObjectNotFound, PolarDjangoError
from polar_django.providers.base import Provider
from polar_django.providers.endpoints import DeliveryAttempt, WebhookEndpoint, WebhookEndpoints
from polar_django.providers.registry import get_provider
from polar_django.webhooks.endpoints import (
    Ensured,
    ensure_endpoint,
    faults_of,
    is_trusted,
    leading_here,
    spare_endpoints,
    webhook_address,
    webhook_path,
)

_KEEP = "Put it into POLAR_WEBHOOK_SECRET or POLAR_DJANGO['WEBHOOK_SECRETS']:"


def _limit(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1.")
    return int(text)


class Command(BaseCommand):
    help = "Makes, mends and examines the webhook endpoint at the provider."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        ensure = actions.add_parser("ensure", help="make the endpoint, or mend what is wrong")
        ensure.add_argument("--url", required=True, help="https://your.site, or the whole address")
        ensure.add_argument(
            "--new-secret", action="store_true", help="give it a new one; the old stops at once"
        )
        ensure.add_argument("--show-secret", action="store_true", help="print the one in use")
        status = actions.add_parser("status", help="the endpoints; exit 1 if none is as it should")
        deliveries = actions.add_parser("deliveries", help="what was sent here, newest first")
        deliveries.add_argument("--failed", action="store_true", help="only what failed")
        deliveries.add_argument("--limit", type=_limit, default=50)
        redeliver = actions.add_parser("redeliver", help="have events sent again")
        redeliver.add_argument("ids", nargs="+", metavar="ID", help="as `deliveries` lists them")
        for action in (ensure, status, deliveries, redeliver):
            action.add_argument("--provider", help="its name; by default DEFAULT_PROVIDER")
            action.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        action = {
            "ensure": self._ensure,
            "status": self._status,
            "deliveries": self._deliveries,
            "redeliver": self._redeliver,
        }[options["action"]]
        try:
            provider = get_provider(options["provider"])
            action(provider, provider.webhook_endpoints(), options)
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _ensure(
        self, provider: Provider, service: WebhookEndpoints, options: dict[str, Any]
    ) -> None:
        address = webhook_address(options["url"], provider.name)
        try:
            done = ensure_endpoint(service, provider, address, renew_secret=options["new_secret"])
        except InvalidRequest as error:
            raise CommandError(
                f"{error} Polar delivers to public addresses with https:// only."
            ) from error
        secret = done.secret or (done.endpoint.secret if options["show_secret"] else "")
        if options["as_json"]:
            (told,) = _as_data([done.endpoint], provider, service)
            self._say_json(
                {**told, "is_new": done.is_new, "mended": done.mended, "secret": secret or None}
            )
            return
        self.stdout.write(self.style.SUCCESS(_what_was_done(done)))
        if secret:
            self.stdout.write(f"Its secret, which is stored nowhere here. {_KEEP}\n  {secret}")
        elif is_trusted(provider, done.endpoint) is False:
            self.stdout.write(
                self.style.WARNING(
                    "Its secret is none of WEBHOOK_SECRETS: every delivery is answered 403. "
                    "--show-secret prints it."
                )
            )
        for spare in spare_endpoints(leading_here(service.all(), provider, address)):
            self.stdout.write(self.style.WARNING(f"{spare.url} leads here too: events come twice."))

    def _status(
        self, provider: Provider, service: WebhookEndpoints, options: dict[str, Any]
    ) -> None:
        told = _as_data(service.all(), provider, service)
        if options["as_json"]:
            self._say_json({"path": webhook_path(provider.name), "endpoints": told})
        for data in [] if options["as_json"] else told:
            here = "leads here" if data["leads_here"] else "leads elsewhere"
            self.stdout.write(f"{data['url']}  {here}, {data['events']} event types")
            for fault in data["faults"] if data["leads_here"] else ():
                self.stdout.write(self.style.WARNING(f"    {fault}"))
        ours = [data for data in told if data["leads_here"]]
        if not ours:
            raise CommandError(
                f"No endpoint leads to {webhook_path(provider.name)}: run `polar_webhook ensure "
                "--url https://your.site`.",
                returncode=1,
            )
        if all(data["faults"] for data in ours):
            raise CommandError(
                "The endpoint is not as it should be: `polar_webhook ensure --url "
                f"{ours[0]['url']}` mends it.",
                returncode=1,
            )

    def _deliveries(
        self, provider: Provider, service: WebhookEndpoints, options: dict[str, Any]
    ) -> None:
        ours = leading_here(service.all(), provider)
        if not ours:
            raise CommandError("No endpoint leads here: see `polar_webhook status`.")
        attempts = service.attempts(ours, failed_only=options["failed"])
        found = list(islice(attempts, options["limit"]))
        if options["as_json"]:
            self._say_json([_attempt(attempt) for attempt in found])
            return
        for attempt in found:
            at = f"{attempt.attempted_at:%Y-%m-%d %H:%M:%S}" if attempt.attempted_at else "—"
            how = "ok" if attempt.succeeded else "failed"
            answer = attempt.status or "no answer"
            self.stdout.write(f"{attempt.event_id}  {at}  {how:<6}  {answer}  {attempt.type}")
        self.stdout.write(f"{len(found)} deliveries.")

    def _redeliver(
        self, provider: Provider, service: WebhookEndpoints, options: dict[str, Any]
    ) -> None:
        done: list[str] = []
        for event_id in options["ids"]:
            try:
                service.redeliver(event_id)
            except ObjectNotFound as error:
                raise CommandError(
                    f"There is no event {event_id}, or it is archived (Polar keeps bodies for 90 "
                    f"days). Asked for before it: {len(done)}."
                ) from error
            done.append(event_id)
        if options["as_json"]:
            self._say_json({"redelivered": done})
        else:
            self.stdout.write(f"{len(done)} events are sent again.")

    def _say_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _what_was_done(done: Ensured) -> str:
    if done.is_new:
        return f"Made: {done.endpoint.url} takes {len(done.endpoint.events)} event types."
    if done.mended:
        return f"Mended {done.endpoint.url}: {'; '.join(done.mended)}."
    return f"{done.endpoint.url} is as it should be."


def _as_data(
    endpoints: Sequence[WebhookEndpoint], provider: Provider, service: WebhookEndpoints
) -> list[dict[str, Any]]:
    """What is told of each endpoint, without its secret."""
    ours = {endpoint.id for endpoint in leading_here(endpoints, provider)}
    return [
        {
            "id": endpoint.id,
            "url": endpoint.url,
            "enabled": endpoint.is_enabled,
            "events": len(endpoint.events),
            "leads_here": endpoint.id in ours,
            "is_trusted": is_trusted(provider, endpoint),
            "faults": _faults(endpoint, provider, service),
        }
        for endpoint in endpoints
    ]


def _faults(endpoint: WebhookEndpoint, provider: Provider, service: WebhookEndpoints) -> list[str]:
    faults = faults_of(endpoint, service)
    if is_trusted(provider, endpoint) is False:
        faults.append("its secret is none of WEBHOOK_SECRETS")
    return faults


def _attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    at = attempt.attempted_at
    return {
        "event_id": attempt.event_id,
        "type": attempt.type,
        "attempted_at": at.isoformat() if at else None,
        "succeeded": attempt.succeeded,
        "status": attempt.status,
        "can_redeliver": attempt.can_redeliver,
    }
