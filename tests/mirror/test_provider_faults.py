"""A provider that is busy, slow, broken or cut off: slowed, tried again, never half-written."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from polar_django import tasks
from polar_django.billing import cancel_subscription
from polar_django.exceptions import AuthenticationFailed, ProviderUnavailable
from polar_django.models import BenefitGrant, Customer, Member, Subscription, Walk
from tests.mirror.faults import (
    broken,
    busy,
    cut_off,
    forbidden,
    of_another_shape,
    silent,
    truncated,
)
from tests.mirror.losses import buyers, differences, lose_deliveries, mend

pytestmark = pytest.mark.usefixtures("waits")


FAULTS = [broken, silent, cut_off, truncated, of_another_shape]


@pytest.mark.parametrize("kind", ["customers", "subscriptions", "benefit-grants"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_fault_of_the_provider_delays_and_spoils_nothing(sandbox, faulty, waits, kind, fault):
    buyers(sandbox, 2)
    lose_deliveries()
    # Our own client tries a read three times; the walk waits longer and tries again.
    faulty.on, faulty.faults = f"/v1/{kind}/?", [fault] * 5
    mend()
    assert faulty.faults == []
    assert sum(waits) >= 1
    assert differences() == {}


def test_too_many_requests_are_waited_for_as_told_and_the_pace_is_lower_afterwards(
    sandbox, faulty, waits
):
    buyers(sandbox, 1)
    lose_deliveries()
    faulty.on, faulty.faults = "/v1/orders/?", [busy(17)]
    mend()
    assert waits[waits.index(17.0) :].count(0.2) >= 3
    assert 0.2 not in waits[: waits.index(17.0)]
    assert differences() == {}


def test_a_provider_that_stays_away_leaves_whole_pages_and_a_place_to_go_on(sandbox, faulty):
    buyers(sandbox, 2)
    lose_deliveries()
    faulty.on, faulty.faults = "/v1/subscriptions/?", [truncated] * 100
    with pytest.raises(ProviderUnavailable):
        mend()
    assert Customer.objects.count() == 2
    assert not Subscription.objects.exists()
    faulty.faults.clear()
    Walk.objects.update(leased_until=None)
    mend()
    assert differences() == {}


def test_the_task_leaves_a_busy_provider_alone_until_it_may_ask_again(sandbox, faulty, monkeypatch):
    asked = {}

    def retry(**options):
        asked.update(options)
        return RuntimeError("again later")

    monkeypatch.setattr(tasks.reconcile, "retry", retry)
    faulty.on, faulty.faults = "/v1/meters/?", [busy(3600)]
    with pytest.raises(RuntimeError):
        tasks.reconcile()
    assert asked["countdown"] == 3600
    assert Walk.objects.get().leased_until is None


class TestAFirstCopy:
    @pytest.mark.parametrize("fault", [broken, silent, truncated], ids=lambda f: f.__name__)
    def test_bears_a_fault_says_so_and_is_whole(self, sandbox, faulty, waits, caplog, fault):
        buyers(sandbox, 2)
        lose_deliveries()
        faulty.on, faulty.faults = "/v1/subscriptions/?", [fault] * 5
        call_command("polar_sync", stdout=StringIO())
        assert faulty.faults == []
        assert sum(waits) >= 1
        assert "The provider is busy or away" in caplog.text
        assert differences() == {}

    def test_waits_as_long_as_it_is_told(self, sandbox, faulty, waits):
        buyers(sandbox, 1)
        lose_deliveries()
        faulty.on, faulty.faults = "/v1/orders/?", [busy(17)]
        call_command("polar_sync", stdout=StringIO())
        assert 17.0 in waits
        assert differences() == {}

    def test_stops_at_whole_pages_and_goes_on_there(self, sandbox, faulty):
        buyers(sandbox, 2)
        lose_deliveries()
        faulty.on, faulty.faults = "/v1/subscriptions/?", [truncated] * 100
        with pytest.raises(CommandError, match="ProviderUnavailable"):
            call_command("polar_sync", stdout=StringIO())
        assert Customer.objects.count() == 2
        assert not Subscription.objects.exists()
        faulty.faults.clear()
        faulty.paths.clear()
        call_command("polar_sync", stdout=StringIO())
        assert not [path for path in faulty.paths if "/v1/customers/?" in path]
        assert differences() == {}


@pytest.mark.parametrize(
    ("fault", "times"),
    [*((fault, 1) for fault in (*FAULTS, busy(1))), (silent, 20), (truncated, 20)],
)
def test_a_verb_succeeds_or_raises_and_the_mirror_says_what_is_so(sandbox, faulty, fault, times):
    [who] = buyers(sandbox, 1)
    sandbox.deliver()
    faulty.on, faulty.faults = "/v1/subscriptions/", [fault] * times
    raised = False
    try:
        cancel_subscription(Subscription.objects.get())
    except ProviderUnavailable:
        raised = True
    faulty.faults.clear()
    [theirs] = sandbox.api.get("/v1/subscriptions/", params={"customer_id": who}).json()["items"]
    assert Subscription.objects.get().cancel_at_period_end == theirs["cancel_at_period_end"]
    assert raised != theirs["cancel_at_period_end"]
    assert raised or times == 1
    assert differences() == {}


class TestATokenWithFewScopes:
    def test_is_enough_for_everything_else_and_that_is_logged(self, sandbox, faulty, caplog):
        buyers(sandbox, 2)
        lose_deliveries()
        faulty.on, faulty.faults = "/v1/refunds/?", [forbidden] * 2
        mend()
        assert "refunds are left out" in caplog.text
        assert BenefitGrant.objects.exists()
        assert Walk.objects.get().finished_at is not None

    def test_marks_nothing_as_no_more(self, sandbox, faulty):
        buyers(sandbox, 2)
        sandbox.deliver()
        before = Member.objects.filter(deleted_at=None).count()
        faulty.on, faulty.faults = "/v1/members/?", [forbidden] * 100
        mend()
        assert Member.objects.filter(deleted_at=None).count() == before > 0

    def test_is_refused_where_a_gate_would_be_wrong(self, sandbox, faulty):
        buyers(sandbox, 1)
        faulty.on, faulty.faults = "/v1/benefit-grants/?", [forbidden] * 2
        with pytest.raises(AuthenticationFailed):
            mend()
