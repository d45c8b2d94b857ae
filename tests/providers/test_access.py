"""The policy for providers that know no grants: one row of the documented table each."""

from datetime import UTC, datetime, timedelta

import pytest

from polar_django.conf import AccessPolicy, get_settings
from polar_django.entitlements import has_benefit
from polar_django.exceptions import ConfigurationError
from polar_django.models import BenefitGrant
from polar_django.providers.access import Access, access_of, derived_grants
from polar_django.providers.base import Capability
from polar_django.providers.polar.provider import PolarProvider
from polar_django.snapshots import SubscriptionSnapshot
from tests.entitlements.worlds import again, benefit, person
from tests.mirror.worlds import apply, customer, event


class Ledger(PolarProvider):
    """A provider of a project's own that knows no grants."""

    name = "ledger"
    capabilities = PolarProvider.capabilities - {Capability.GRANTS}


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def subscription(status="active", **values):
    return SubscriptionSnapshot(
        id="sub_creem",
        status=status,
        **{"customer_id": "cus_creem", "current_period_end": NOON + 20 * DAY, **values},
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("trialing", Access(True)),
        ("active", Access(True)),
        ("canceled", Access(True, NOON + 20 * DAY)),
        ("past_due", Access(False)),
        ("paused", Access(False)),
        ("unpaid", Access(False)),
        ("incomplete", Access(False)),
        ("incomplete_expired", Access(False)),
        ("a status of tomorrow", Access(False)),
    ],
)
def test_what_each_status_gives_where_nothing_is_set(status, expected):
    assert access_of(subscription(status), AccessPolicy()) == expected


def test_past_due_gives_access_for_as_many_days_as_the_settings_say():
    failed = subscription("past_due", past_due_at=NOON)
    assert access_of(failed, AccessPolicy(past_due_days=3.0)) == Access(True, NOON + 3 * DAY)
    unknown = subscription("past_due", current_period_end=NOON)
    assert access_of(unknown, AccessPolicy(past_due_days=0.5)) == Access(True, NOON + DAY / 2)
    never = subscription("past_due", current_period_end=None)
    assert access_of(never, AccessPolicy(past_due_days=3.0)) == Access(False)


@pytest.mark.parametrize("status", ["canceled", "past_due", "active"])
def test_what_was_taken_away_within_the_paid_period_gives_no_access(status):
    """A "canceled" subscription may have run to its end, or have been revoked at once."""
    policy = AccessPolicy(past_due_days=3.0)
    revoked = subscription(status, past_due_at=NOON, ended_at=NOON)
    assert access_of(revoked, policy) == Access(False)
    (grant,) = derived_grants(revoked, ["ben_creem"], policy)
    assert (grant.is_granted, grant.revoked_at) == (False, NOON)


def test_what_came_to_the_end_of_its_period_was_access_until_then():
    over = subscription("canceled", ended_at=NOON + 20 * DAY)
    assert access_of(over, AccessPolicy()) == Access(True, NOON + 20 * DAY)


def test_paused_gives_access_where_the_settings_say_so():
    paused = subscription("paused")
    assert access_of(paused, AccessPolicy(statuses=("active", "paused"))) == Access(True)
    to_the_end = AccessPolicy(until_period_end=("paused",))
    assert access_of(paused, to_the_end) == Access(True, NOON + 20 * DAY)


def test_the_settings_name_a_policy_for_each_provider(settings):
    settings.POLAR_DJANGO = {"ACCESS": {"creem": {"past_due_days": 3, "until_period_end": []}}}
    assert get_settings().access_policy("creem") == AccessPolicy(
        past_due_days=3.0, until_period_end=()
    )
    assert get_settings().access_policy("another") == AccessPolicy()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"statuses": ["actve"]}, "no status"),
        ({"statuses": "active"}, "list"),
        ({"statuses": ["past_due"]}, "past_due_days"),
        ({"past_due_days": -1}, "days"),
        ({"past_due_days": True}, "days"),
        ({"grace": 3}, "Unknown key 'grace'"),
    ],
)
def test_a_policy_written_wrongly_says_what_to_write(settings, options, said):
    settings.POLAR_DJANGO = {"ACCESS": {"creem": options}}
    with pytest.raises(ConfigurationError, match=said):
        get_settings()


@pytest.mark.django_db
def test_derived_grants_follow_their_subscription_through_its_life():
    ada = person()
    benefit("pro", id="ben_creem", provider="creem")
    policy = AccessPolicy(past_due_days=3.0)
    now = datetime.now(UTC)

    def says(seconds, status, **values):
        stands = subscription(status, **{"started_at": NOON, **values})
        apply(
            event(
                customer("cus_creem", external_id=str(ada.pk)),
                stands,
                *derived_grants(stands, ["ben_creem"], policy),
                seconds=seconds,
                provider="creem",
            )
        )
        return has_benefit(again(ada), "pro")

    assert says(0, "active")
    assert says(1, "past_due", past_due_at=now - 2 * DAY)
    assert not says(2, "past_due", past_due_at=now - 4 * DAY)
    assert says(3, "active")
    assert BenefitGrant.objects.get().expires_at is None
    assert not says(4, "paused")
    assert says(5, "canceled", current_period_end=now + DAY)
    assert not says(6, "canceled", current_period_end=now - DAY)
    assert BenefitGrant.objects.count() == 1
