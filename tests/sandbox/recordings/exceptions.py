"""Where the sandbox may differ from the recordings, each with its reason."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from tests.sandbox.recordings.corpus import Event
from tests.sandbox.recordings.likeness import MISSING, Difference

__all__ = [
    "EXPECTED",
    "FIELDS",
    "IGNORED_STEPS",
    "SPILLS",
    "TOO_MANY",
    "YOUNGER",
    "allowed",
    "by_itself",
    "told_once",
]

# Fields that came after the recorded server (source of August 2026) and that SDK 1.0.2 requires.
YOUNGER = frozenset(
    {
        "api_version",
        "end_timestamp",
        "is_deletable",
        "max_units",
        "maximum_units",
        "min_units",
        "minimum_units",
        "start_timestamp",
        "tiers",
        "units",
        "uses_standard_webhook_signature",
    }
)

# Pattern of a path, or of "scenario: path" → why it may differ.
FIELDS: Mapping[str, str] = {
    "*.organization.*": "another organization, with settings that came later",
    "organization.updated.data.*": "another organization, with settings that came later",
    "*organizations/*": "another organization, with settings that came later",
    "*.publishable_key": "a key of the card processor, which the sandbox has not",
    "*.url": "each server's own address",
    "*.customer_portal_url": "each server's own address",
    "*.success_url": "where none was given: the server's own confirmation page",
    "*.is_invoice_generated": "a worker made invoices at some moment of its own",
    "*.modified_at": "when a row is written is the server's inner affair; it is no version",
    "*.payment_processor_metadata.*": "what the card processor keeps, which the sandbox has not",
    "*.default_payment_method_id": "the recorder's stand-in for the card processor kept no cards",
    "*.active_meters[[]]": "a job makes a customer's unused meters at some moment of its own",
    "GET /v1/customer-meters/.*": "a job makes unused meters at some moment of its own",
    "*license-keys/*.member*": "younger than the recorded server",
    "*license-keys/*.order*": "younger than the recorded server",
    "*license-keys/*.subscription*": "younger than the recorded server",
    "*customer-seats/claim*.organization_*": "another organization, with settings that came later",
    "*.first_user_event_at": "a job that the recorder's server could not run, for want of a store",
    "*.checksum_etag": "what the recorder's store of files said",
    "*.last_modified_at": "what the recorder's store of files said",
    "POST /v1/files/.upload.id": "what the recorder's store of files said",
    "GET /v1/customer-portal/meters/.*": "a job makes unused meters at some moment of its own",
    "*.ctx.error": "another version of pydantic counts from 1",
    "*not-a-uuid.detail[[]].msg": "another version of pydantic counts from 1",
    "error.422: *.ctx.actual_length": "another version of pydantic stops at the first too many",
    "*.unit_amount": "10 and 10.000000000000 are the same decimal",
    "*.platform_fee_amount": "the sandbox takes no fee",
    "*.platform_fee_currency": "the sandbox takes no fee",
    "*.active_subscriptions[[]].seats": "younger than the recorded server",
}

NO_SERVICES = "the sandbox makes no benefits of other services"
# Usage is booked every quarter of an hour there; the recorder ended the period within seconds.
UNBOOKED = "Polar had not booked the usage yet when the recorder ended the period"

# Scenarios that still differ in other ways → why. The test fails when one of them no longer does.
EXPECTED: Mapping[str, str] = {
    "benefit.create.discord.error": NO_SERVICES,
    "benefit.create.github.error": NO_SERVICES,
    "checkout.client.update.product": "Polar's snapshot is from before its own change",
    "customer_portal": "in which order an order lists its items; another pydantic counts from 0",
    "error.422": "wording of Polar's own classes and of another pydantic; how many errors at once",
    "license_keys": "one key more, and one given back, by requests that are not in the recordings",
    "metered.after": UNBOOKED,
    "metered.state": UNBOOKED,
    "metrics_misc": "grants of purchases that are not in the recordings",
    "smoke.after_restart": "somebody's usage was booked then, which the sandbox does at once",
    "webhook.retry.api": "retries are due later on a clock that this test does not move",
    "webhook_endpoint.api": "how much was sent before; subscription.migrated is younger",
}

# The recorder was late: what it filed under the first belongs to the second.
SPILLS: Mapping[str, str] = {
    "checkout.trial.after": "checkout.trial",
    "subscription.trial_end_now": "checkout.trial",
    "checkout.declined": "checkout.trial",
    "checkout.declined.after": "checkout.trial",
    "error.checkout_create": "customer_portal",
    "error.checkout_confirm": "customer_portal",
    "checkout.customer_fields_override": "customer_portal",
    "error.subscription": "customer_portal",
}

# Requests that are not acted, by scenario and position → why.
NO_PAYMENTS = "payments are the card processor's: the sandbox's list of them is empty"
NO_STORE = "Polar could not list events, for want of a store"
NO_DNS = "the recorder's machine had no DNS for the e-mail's domain; asked again a minute later"
IGNORED_STEPS: Mapping[tuple[str, int], str] = {
    ("customer.create.full", 0): NO_DNS,
    ("customer.create.min", 0): NO_DNS,
    ("customer.create.duplicate_email", 0): NO_DNS,
    ("customer.create.duplicate_external", 0): NO_DNS,
    ("customer.create.bad_email", 0): NO_DNS,
    ("api.version", 6): "the server's own /healthz",
    ("api.version", 7): "OPTIONS: which sites may call is decided otherwise (docs/decisions.md)",
    ("checkout.paid_onetime.after", 3): NO_PAYMENTS,
    ("error.events", 5): NO_STORE,
    ("events.after", 0): NO_STORE,
    ("metrics_misc", 4): NO_PAYMENTS,
}
# A hundred requests a minute are a limit of the hosted server, and how it counts is not recorded.
TOO_MANY = "error.429"


# Where order.updated is what the request brought.
ASKED_FOR = {"order.patch", "refund.partial"}


def allowed(scenario: str, difference: Difference) -> bool:
    """Whether there is a reason for it."""
    name = difference.path.rpartition(".")[2]
    if difference.theirs is MISSING and name in YOUNGER:
        return True
    return any(
        fnmatchcase(difference.path, pattern)
        or fnmatchcase(f"{scenario}: {difference.path}", pattern)
        for pattern in FIELDS
    )


def told_once(events: Sequence[Event]) -> list[Event]:
    """One refund.updated for each status: Polar sends one per message of the card processor."""
    kept: list[Event] = []
    told: set[tuple[str, str]] = set()
    for event in events:
        if event.type == "refund.updated":
            news = event.data["id"], event.data["status"]
            if news in told:
                continue
            told.add(news)
        kept.append(event)
    return kept


def by_itself(event: Event) -> bool:
    """An order.updated of a job that runs at some later moment: an invoice made, a fee booked."""
    data = event.data
    is_booked = data.get("platform_fee_currency") is not None and event.scenario not in ASKED_FOR
    return event.type == "order.updated" and bool(data["is_invoice_generated"] or is_booked)
