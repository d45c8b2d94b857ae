"""The endpoint at the provider: does it lead here, with all events, and is it believed?"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, takewhile

from django.utils import timezone

from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.providers.endpoints import DeliveryAttempt
from polar_django.webhooks.endpoints import is_trusted, spare_endpoints, webhook_path

__all__ = ["look_at_attempts", "look_at_endpoint", "look_at_secret"]

_LATELY = timedelta(days=1)
_SOME = 200
_NAME_SITE = (
    "One may be another environment's: run polar_doctor with --url https://your.site. Where both "
    "are this site's:"
)
_FIX_TWICE = "Delete one of them in Polar's dashboard, under Settings → Webhooks."
_BLIND = "The mirror learns of a purchase or an end hours later, when reconcile comes round."


def look_at_endpoint(case: Case) -> Iterator[Finding]:
    """Registered, once, enabled, for all events. One call."""
    if not case.ours:
        yield _missing(case)
        return
    endpoint = case.ours[0]
    mend = f"python manage.py polar_webhook ensure --url {endpoint.url}"
    if not endpoint.is_enabled:
        yield Finding(
            code="endpoint-disabled",
            what=f"The endpoint {endpoint.url} is disabled.",
            why=f"{_BLIND} Polar disables an endpoint after ten events that it could not deliver.",
            fix=f"{mend}, when what polar_doctor says of the deliveries is mended.",
        )
    if not endpoint.is_raw:
        yield Finding(
            code="endpoint-format",
            what=f"The endpoint {endpoint.url} sends chat messages instead of raw events.",
            why="They carry no data, and are refused.",
            fix=mend,
        )
    if missing := sorted(case.endpoint_service.needed_events - endpoint.events):
        yield Finding(
            code="endpoint-events",
            what=f"The endpoint {endpoint.url} does not take {', '.join(missing)}.",
            why=f"{_BLIND} Each type is sent to those who asked for it only.",
            fix=mend,
        )
    version = case.endpoint_service.api_version
    if version and endpoint.api_version not in {"", version}:
        yield Finding(
            code="endpoint-version",
            what=f"The endpoint {endpoint.url} sends payloads of {endpoint.api_version}, while "
            f"POLAR_DJANGO['API_VERSION'] is {version}.",
            why="Deliveries and answers may spell the same object differently.",
            fix=mend,
            level=Level.WARNING,
        )
    for spare in spare_endpoints(case.ours):
        yield Finding(
            code="endpoint-twice",
            what=f"The endpoint {spare.url} leads here too.",
            why="Every event comes twice under two ids, and `@on` handlers hear of it twice.",
            fix=_FIX_TWICE if case.public_address else f"{_NAME_SITE} {_FIX_TWICE}",
            level=Level.WARNING,
        )


def look_at_secret(case: Case) -> Iterator[Finding]:
    """Whether what the endpoints sign is believed here. No call of its own."""
    enabled = [endpoint for endpoint in case.ours if endpoint.is_enabled]
    if not enabled:
        raise NotApplicable("no endpoint delivers here")
    if not any(case.settings.webhook_secrets):
        raise NotApplicable("there is no webhook secret")
    for endpoint in enabled:
        if is_trusted(case.provider, endpoint) is False:
            yield Finding(
                code="secret-other",
                what=f"The secret of {endpoint.url} is none of those configured here.",
                why="Every delivery is answered 403, and after ten events Polar disables the "
                "endpoint.",
                fix=f"python manage.py polar_webhook ensure --url {endpoint.url} --show-secret, "
                "and put it into POLAR_WEBHOOK_SECRET or POLAR_DJANGO['WEBHOOK_SECRETS'].",
            )


def look_at_attempts(case: Case) -> Iterator[Finding]:
    """What became of the last day's deliveries, as the provider saw it. One or two calls."""
    if not case.ours:
        raise NotApplicable("no endpoint delivers here")
    since = timezone.now() - _LATELY
    attempts = islice(case.endpoint_service.attempts(case.ours), _SOME)
    recent = list(takewhile(lambda one: one.attempted_at and one.attempted_at > since, attempts))
    lost = _still_failed(recent)
    if lost:
        statuses = Counter(str(one.status or "no answer") for one in lost.values())
        told = ", ".join(f"{number} with {status}" for status, number in statuses.most_common(3))
        yield Finding(
            code="deliveries-failing",
            what=f"{len(lost)} of the last day's events have not been delivered ({told}).",
            why="They are repeated for an hour or so, then given up; after ten of those the "
            "endpoint is disabled.",
            fix="Mend the cause, then: python manage.py polar_webhook deliveries --failed, and "
            "python manage.py polar_webhook redeliver ID",
            level=Level.WARNING,
        )


def _still_failed(attempts: list[DeliveryAttempt]) -> dict[str, DeliveryAttempt]:
    """The newest attempt of each event that no attempt delivered; the list is newest first."""
    delivered = {one.event_id for one in attempts if one.succeeded}
    newest: dict[str, DeliveryAttempt] = {}
    for one in attempts:
        if one.event_id not in delivered:
            newest.setdefault(one.event_id, one)
    return newest


def _missing(case: Case) -> Finding:
    wanted = case.public_address or "https://your.site"
    near = ", ".join(sorted(endpoint.url for endpoint in case.endpoints)[:3])
    return Finding(
        code="endpoint-missing",
        what=f"No endpoint leads to {case.public_address or webhook_path(case.provider_name)}"
        + (f"; there are {near}." if near else "; there is none at all."),
        why=_BLIND,
        fix=f"python manage.py polar_webhook ensure --url {wanted}",
    )
