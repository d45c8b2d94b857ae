"""A fault of the provider amid a list, at a second read, at one customer: later, and then whole."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from polar_django import tasks
from polar_django.models import BenefitGrant, Customer, Order, Subscription, Transition
from polar_django.providers.polar import client
from tests.mirror.faults import broken, busy, cut_off, silent, truncated
from tests.mirror.losses import buyers, customer, differences, lose_deliveries, mend

pytestmark = pytest.mark.usefixtures("waits")

# With each the seconds that a task is asked to wait for.
FAULTS = [(busy(70), 70.0), (broken, 15), (silent, 15), (cut_off, 15), (truncated, 15)]
NAMES = ["429", "500", "time-out", "cut off", "truncated"]
each_fault = pytest.mark.parametrize(("fault", "countdown"), FAULTS, ids=NAMES)


@pytest.fixture
def put_off(monkeypatch):
    """What the tasks say when they ask to be run again."""
    asked = []

    def retry(**options):
        asked.append(options["countdown"])
        return RuntimeError("again later")

    for task in (tasks.read_again, tasks.read_customer_grants, tasks.reconcile):
        monkeypatch.setattr(task, "retry", retry)
    return asked


def rows():
    tables = (Customer, Subscription, Order, BenefitGrant, Transition)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@each_fault
@pytest.mark.parametrize("action", [["--repair"], []], ids=["a walk", "a first copy"])
def test_amid_a_list_its_pages_before_are_not_asked_for_again(
    sandbox, faulty, waits, caplog, monkeypatch, fault, countdown, action
):
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    for number in range(5):
        customer(sandbox, f"buyer{number}")
    lose_deliveries()
    # Our client tries a read three times by itself, unless it was answered.
    faulty.on, faulty.faults, faulty.after = "/v1/customers/?", [fault] * 5, 1
    call_command("polar_sync", *action, stdout=StringIO())
    assert faulty.faults == []
    assert sum(waits) >= (70 if countdown == 70 else 1)
    assert "The provider is busy or away" in caplog.text
    asked = [path for path in faulty.paths if "/v1/customers/?" in path]
    assert len([path for path in asked if "&page=1&" in path]) == 1
    assert Customer.objects.count() == 5
    assert differences() == {}


@each_fault
@pytest.mark.parametrize("table", ["subscription", "benefitgrant"])
def test_a_second_read_is_put_off_and_changes_nothing_meanwhile(
    sandbox, faulty, put_off, fault, countdown, table
):
    buyers(sandbox, 1)
    sandbox.deliver()
    subscription = Subscription.objects.get()
    sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}")
    lose_deliveries()
    key = subscription.pk if table == "subscription" else BenefitGrant.objects.first().pk
    before = rows()
    faulty.on = "/v1/subscriptions/" if table == "subscription" else "/v1/benefit-grants/"
    faulty.faults = [fault] * 10
    with pytest.raises(RuntimeError, match="again later"):
        tasks.read_again("polar", table, key)
    assert put_off == [countdown]
    assert rows() == before
    faulty.faults.clear()
    tasks.read_again("polar", table, key)
    subscription.refresh_from_db()
    assert subscription.status == ("canceled" if table == "subscription" else "active")
    assert BenefitGrant.objects.active().exists() == (table == "subscription")


@each_fault
def test_reading_a_customers_grants_is_put_off_and_revokes_nothing_meanwhile(
    sandbox, faulty, put_off, monkeypatch, fault, countdown
):
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    [who] = buyers(sandbox, 1)
    sandbox.deliver()
    sandbox.api.delete(f"/v1/subscriptions/{Subscription.objects.get().pk}")
    lose_deliveries()
    # The first page is read; half a list proves nothing of what would stand on the other.
    faulty.on, faulty.faults, faulty.after = "/v1/benefit-grants/", [fault] * 10, 1
    with pytest.raises(RuntimeError, match="again later"):
        tasks.read_customer_grants("polar", who)
    assert put_off == [countdown]
    assert BenefitGrant.objects.active().count() == 1
    faulty.faults.clear()
    tasks.read_customer_grants("polar", who)
    assert not BenefitGrant.objects.active().exists()


@each_fault
@pytest.mark.parametrize("at", ["customers", "benefit-grants"])
def test_one_customer_on_demand_is_read_all_the_same(sandbox, faulty, waits, fault, countdown, at):
    [who] = buyers(sandbox, 1)
    sandbox.deliver()
    sandbox.api.patch(f"/v1/customers/{who}", json={"name": "Grace"})
    sandbox.api.delete(f"/v1/subscriptions/{Subscription.objects.get().pk}")
    lose_deliveries()
    faulty.on, faulty.faults = f"/v1/{at}/", [fault] * 5
    call_command("polar_sync", "--customer", who, stdout=StringIO())
    assert faulty.faults == []
    assert sum(waits) >= (70 if countdown == 70 else 1)
    assert Customer.objects.get().name == "Grace"
    assert differences() == {}


@each_fault
def test_one_customer_whom_the_provider_does_not_tell_of_stays_as_they_were(
    sandbox, faulty, put_off, fault, countdown
):
    [who] = buyers(sandbox, 1)
    sandbox.deliver()
    sandbox.api.delete(f"/v1/customers/{who}")
    lose_deliveries()
    before = rows()
    faulty.on, faulty.faults = f"/v1/customers/{who}", [fault] * 100
    with pytest.raises(RuntimeError, match="again later"):
        tasks.reconcile("polar", who)
    assert rows() == before
    assert put_off == [countdown]
    with pytest.raises(CommandError, match=r"^(ProviderUnavailable|RateLimited): "):
        call_command("polar_sync", "--customer", who, stdout=StringIO())
    assert rows() == before
    faulty.faults.clear()
    mend()
    assert Customer.objects.get().deleted_at is not None
    assert differences() == {}
