"""Where the sandbox may differ from the recordings, each with its reason."""

from collections.abc import Mapping
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
    "*.unit_amount": "10 and 10.000000000000 are the same decimal",
    "*.platform_fee_amount": "the sandbox takes no fee",
    "*.platform_fee_currency": "the sandbox takes no fee",
    "*.active_subscriptions[[]].seats": "younger than the recorded server",
}

# An action that these scenarios build on is not in the recordings, which are a selection.
SELECTION = "builds on a purchase or a change that is not in the recordings"
# The routes are there; some fields of their answers differ.
NOT_YET = "the newest part of the sandbox, of which some fields differ"

# Scenarios that still differ in other ways → why. The test fails when one of them no longer does.
EXPECTED: Mapping[str, str] = {
    "api.version": "the server's own /healthz and CORS answers; an earlier use of the discount",
    "benefit.create.discord.error": "the sandbox makes no benefits of other services",
    "benefit.create.github.error": "the sandbox makes no benefits of other services",
    "checkout.adhoc_subscription.after": SELECTION,
    "checkout.client.update.product": "Polar's snapshot is from before its own change",
    "checkout.paid_onetime.after": "the list of payments is not in the sandbox",
    "checkout.seat_onetime_email_mismatch": SELECTION,
    "checkout_link": NOT_YET,
    "customer_portal": "refusals of several kinds and the portal's routes; some differ",
    "downloadables.portal": SELECTION,
    "error.403_scope": "the sandbox's one token may do everything",
    "error.422": "wording that follows from Polar's own class names, and how many errors at once",
    "error.events": "Polar's list of events was empty for want of a store",
    "events.after": "Polar answered 500 for want of a store",
    "file.upload": NOT_YET,
    "license_keys": SELECTION,
    "member.api": SELECTION,
    "metered.after": SELECTION,
    "metered.state": SELECTION,
    "metrics_misc": "payments, disputes, metrics and charge previews are not in the sandbox",
    "product.benefits.change_grants_existing": "Polar revokes once more what has ended already",
    "product.benefits.downloadables": NOT_YET,
    "refund.partial": "one refund.updated per message of the card processor; the sandbox sends one",
    "refund.too_much": SELECTION,
    "seats.claim": "who holds the third grant in the state; states merge all members' grants",
    "smoke.after_restart": SELECTION,
    "webhook.auto_disable": "the recorder's server gave up after one attempt, for the recording",
    "webhook.reenable_redeliver": "the recorder's server gave up after one attempt",
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
NO_DNS = "the recorder's machine had no DNS for the e-mail's domain; asked again a minute later"
IGNORED_STEPS: Mapping[tuple[str, int], str] = {
    ("customer.create.full", 0): NO_DNS,
    ("customer.create.min", 0): NO_DNS,
    ("customer.create.duplicate_email", 0): NO_DNS,
    ("customer.create.duplicate_external", 0): NO_DNS,
    ("customer.create.bad_email", 0): NO_DNS,
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


def by_itself(event: Event) -> bool:
    """An order.updated of a job that runs at some later moment: an invoice made, a fee booked."""
    data = event.data
    is_booked = data.get("platform_fee_currency") is not None and event.scenario not in ASKED_FOR
    return event.type == "order.updated" and bool(data["is_invoice_generated"] or is_booked)
