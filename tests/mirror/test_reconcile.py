"""Against the sandbox: what was never delivered is found, repaired and told."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from polar_django import tasks
from polar_django.exceptions import ForeignObject
from polar_django.mirror import cursors
from polar_django.mirror.backfill import backfill
from polar_django.mirror.reconcile import reconcile, reconcile_customer
from polar_django.mirror.walking import Patience
from polar_django.models import (
    Benefit,
    BenefitGrant,
    Customer,
    Member,
    Order,
    Price,
    Product,
    Seat,
    Subscription,
    Transition,
    Walk,
)
from polar_django.providers.polar import client
from polar_django.providers.registry import get_provider
from polar_django.sandbox import models as theirs
from tests.mirror.losses import buyers, customer, differences, lose_deliveries, mend

pytestmark = pytest.mark.usefixtures("waits")


def test_a_mirror_that_heard_of_everything_has_no_drift(sandbox):
    buyers(sandbox, 2)
    sandbox.buy("team", customer_id=customer(sandbox, "team"), seats=3)
    sandbox.deliver()
    assert differences() == {}
    report = mend()
    assert {kind: counts["written"] for kind, counts in report.items() if counts["written"]} == {}


def test_deliveries_that_never_came_are_healed_to_the_last_row(sandbox):
    known = buyers(sandbox, 3)
    sandbox.deliver()
    subscription = Subscription.objects.filter(customer=known[0]).get()
    sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}")
    sandbox.api.delete(f"/v1/customers/{known[1]}")
    sandbox.api.patch(f"/v1/customers/{known[2]}", json={"name": "Grace"})
    new = buyers_named(sandbox, "late")
    sandbox.advance(days=40, deliver=False)
    lose_deliveries()
    assert differences()
    mend()
    assert differences() == {}
    for ours, their in (
        (Customer, theirs.Customer),
        (Subscription, theirs.Subscription),
        (Order, theirs.Order),
        (BenefitGrant, theirs.BenefitGrant),
        (Member, theirs.Member),
        (Product, theirs.Product),
    ):
        assert set(ours.objects.values_list("pk", flat=True)) == {
            str(pk) for pk in their.objects.values_list("pk", flat=True)
        }, ours
    assert Customer.objects.get(pk=known[1]).deleted_at is not None
    assert Member.objects.get(customer=known[1]).deleted_at is not None
    assert not BenefitGrant.objects.active().filter(customer__in=known[:2]).exists()
    assert BenefitGrant.objects.active().filter(customer=new).count() == 2
    assert Customer.objects.get(pk=known[2]).name == "Grace"


def buyers_named(sandbox, name):
    pk = customer(sandbox, name)
    sandbox.buy("pro-monthly", customer_id=pk)
    return pk


def test_repairs_are_told_as_such_and_only_once(sandbox):
    buyers(sandbox, 1)
    sandbox.deliver()
    Transition.objects.all().delete()
    subscription = Subscription.objects.get()
    sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}")
    lose_deliveries()
    mend()
    told = Transition.objects.values_list("name", "source")
    assert set(told) == {
        ("benefit_revoked", "reconcile"),
        ("subscription_canceled", "reconcile"),
        ("subscription_revoked", "reconcile"),
    }
    count = len(told)
    mend()
    assert Transition.objects.count() == count


def test_a_first_walk_over_an_empty_mirror_mails_nobody(bare_sandbox):
    bare_sandbox.seed()
    buyers(bare_sandbox, 2)
    lose_deliveries()
    mend()
    assert BenefitGrant.objects.active().count() == 4
    assert not Transition.objects.exists()


def test_some_kinds_of_an_empty_mirror_mail_nobody_either(bare_sandbox):
    bare_sandbox.seed()
    buyers(bare_sandbox, 1)
    lose_deliveries()
    call_command("polar_sync", "subscriptions", "--repair", stdout=StringIO())
    assert Subscription.objects.exists()
    assert not Transition.objects.exists()


def test_a_walk_that_meets_half_a_first_copy_mails_nobody_and_the_next_one_tells(bare_sandbox):
    bare_sandbox.seed()
    buyers(bare_sandbox, 2)
    lose_deliveries()
    walk = cursors.begin("polar", "backfill")
    for step in backfill(get_provider("polar"), walk=walk):
        if step.kind == "customers":
            break
    cursors.release(walk)  # killed here, and nobody starts it again
    assert Customer.objects.exists()
    mend()
    assert BenefitGrant.objects.active().count() == 4
    assert not Transition.objects.exists()
    buyers_named(bare_sandbox, "late")
    lose_deliveries()
    mend()
    assert Transition.objects.filter(name="benefit_granted", source="reconcile").count() == 2


def test_a_change_that_happened_the_moment_before_is_repaired_too(sandbox):
    """The `Date` header has no fractions: the list's own key lies below the row's."""
    buyers(sandbox, 1)
    sandbox.deliver()
    subscription = Subscription.objects.get()
    later = timezone.now() + timezone.timedelta(days=400)
    Subscription.objects.update(status="past_due", as_of=later)
    BenefitGrant.objects.update(is_granted=False, is_revoked=True, as_of=later)
    mend()
    subscription.refresh_from_db()
    assert subscription.status == "active"
    assert BenefitGrant.objects.active().count() == 2
    assert differences() == {}


def test_a_grant_the_provider_does_not_know_is_revoked(sandbox):
    buyers(sandbox, 1)
    sandbox.deliver()
    theirs.BenefitGrant.objects.all().delete()
    report = mend()
    assert report["benefit_grants"]["gone"] == 2
    assert not BenefitGrant.objects.active().exists()
    assert BenefitGrant.objects.filter(is_revoked=True, revoked_at__isnull=False).count() == 2


def test_an_old_price_that_came_with_a_late_delivery_is_archived(sandbox):
    pk = sandbox.product_ids["pro-monthly"]
    price = Price.objects.get(product=pk)
    values = {"product_id": pk, "provider": "polar", "synced_at": timezone.now()}
    copy = Price.objects.create(pk="00000000-0000-4000-8000-000000000000", **values)
    mend()
    copy.refresh_from_db()
    price.refresh_from_db()
    assert (copy.is_archived, price.is_archived) == (True, False)
    assert differences() == {}


def test_prices_that_a_product_no_longer_lists_are_archived(sandbox):
    pk = sandbox.product_ids["pro-monthly"]
    [old] = Price.objects.filter(product=pk)
    body = {"prices": [{"amount_type": "fixed", "price_amount": 2_000}]}
    assert sandbox.api.patch(f"/v1/products/{pk}", json=body).status_code == 200
    lose_deliveries()
    mend()
    old.refresh_from_db()
    assert old.is_archived
    assert Price.objects.get(product=pk, is_archived=False).price_amount == 2_000
    assert differences() == {}


def test_a_benefit_deleted_unheard_of_is_marked(sandbox):
    pk = sandbox.benefit_ids["export"]
    assert sandbox.api.delete(f"/v1/benefits/{pk}").status_code == 204
    lose_deliveries()
    mend()
    assert Benefit.objects.get(pk=pk).is_deleted


def test_many_pages_are_walked_and_what_is_absent_between_them_is_found(sandbox, monkeypatch):
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    made = [customer(sandbox, f"buyer{number}") for number in range(7)]
    sandbox.deliver()
    for number in (0, 3, 6):
        sandbox.api.delete(f"/v1/customers/{made[number]}")
    new = customer(sandbox, "late")
    lose_deliveries()
    assert mend()["customers"] == {
        "seen": 5, "missing": 1, "outdated": 0, "gone": 3, "written": 4
    }  # fmt: skip
    living = Customer.objects.filter(deleted_at=None).values_list("pk", flat=True)
    assert set(living) == {made[1], made[2], made[4], made[5], new}


def test_a_killed_walk_goes_on_at_its_page(sandbox, faulty, monkeypatch):
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    for number in range(5):
        customer(sandbox, f"buyer{number}")
    lose_deliveries()
    walk = cursors.begin("polar", "reconcile")
    for drift in reconcile(get_provider("polar"), walk, Patience()):
        if drift.kind == "customers":
            break
    assert Customer.objects.count() == 2
    assert cursors.begin("polar", "reconcile") is None  # it is still in somebody's hands
    Walk.objects.update(leased_until=timezone.now())
    faulty.paths.clear()
    mend()
    assert Customer.objects.count() == 5
    listed = [path for path in faulty.paths if "/v1/customers/?" in path]
    assert ["page=2" in listed[0], "page=3" in listed[1], len(listed)] == [True, True, 2]
    assert not any("/v1/products/?" in path for path in faulty.paths)
    assert Walk.objects.get().report["customers"]["missing"] == 5


def test_another_organizations_token_deletes_nothing(sandbox):
    buyers(sandbox, 1)
    sandbox.deliver()
    theirs.BenefitGrant.objects.all().delete()
    for model in (theirs.Customer, theirs.Product):
        model.objects.update(deleted_at=timezone.now())
    with pytest.raises(ForeignObject, match="another organization"):
        mend()
    assert Customer.objects.filter(deleted_at=None).exists()
    assert BenefitGrant.objects.active().exists()


def test_one_customer_on_demand(sandbox):
    first, second = buyers(sandbox, 2)
    sandbox.deliver()
    for pk in (first, second):
        [subscription] = Subscription.objects.filter(customer=pk)
        sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}")
    lose_deliveries()
    found = list(reconcile_customer(get_provider("polar"), first, Patience()))
    assert sum(one.written for one in found) == 3
    assert not BenefitGrant.objects.active().filter(customer=first).exists()
    assert BenefitGrant.objects.active().filter(customer=second).exists()


def test_a_customer_nobody_has_heard_of_is_fetched_with_everything_it_holds(sandbox):
    pk = buyers(sandbox, 1)[0]
    lose_deliveries()
    list(reconcile_customer(get_provider("polar"), pk, Patience()))
    assert BenefitGrant.objects.active().filter(customer=pk).count() == 2
    assert Order.objects.get(customer=pk).paid


def test_a_deleted_customer_is_marked_on_demand(sandbox):
    pk = buyers(sandbox, 1)[0]
    sandbox.deliver()
    sandbox.api.delete(f"/v1/customers/{pk}")
    lose_deliveries()
    list(reconcile_customer(get_provider("polar"), pk, Patience()))
    assert Customer.objects.get(pk=pk).deleted_at is not None
    assert not BenefitGrant.objects.active().filter(customer=pk).exists()


def test_the_task_goes_on_until_all_is_done(sandbox, monkeypatch):
    buyers(sandbox, 2)
    lose_deliveries()
    monkeypatch.setattr(tasks, "_WALK", tasks.timedelta(0))
    published = []
    monkeypatch.setattr(tasks, "_publish", lambda task, *args: published.append(task.name))
    turns = 0
    while turns == 0 or published:
        published.clear()
        tasks.reconcile()
        turns += 1
    assert turns > 3
    assert differences() == {}
    assert Walk.objects.get().finished_at is not None


def test_the_command_repairs_and_says_what_it_did(sandbox):
    pk = buyers(sandbox, 1)[0]
    lose_deliveries()
    with pytest.raises(CommandError, match="differs"):
        call_command("polar_sync", "--check", stdout=StringIO())
    out = StringIO()
    call_command("polar_sync", "--repair", stdout=out)
    assert "customers: 1 seen, 1 missing here" in out.getvalue()
    out = StringIO()
    call_command("polar_sync", "--check", stdout=out)
    assert "1 customers are nobody's here" in out.getvalue()
    sandbox.api.delete(f"/v1/customers/{pk}")
    lose_deliveries()
    out = StringIO()
    call_command("polar_sync", "--customer", pk, "--json", stdout=out)
    assert json.loads(out.getvalue())["customers"]["gone"] == 1


def test_the_command_can_repair_one_kind(sandbox):
    buyers(sandbox, 1)
    lose_deliveries()
    call_command("polar_sync", "customers", "--repair", stdout=StringIO())
    assert Customer.objects.exists()
    assert not Subscription.objects.exists()
    assert not Walk.objects.exists()


def test_seats_of_a_team_are_compared_purchase_by_purchase(sandbox):
    pk = customer(sandbox, "team")
    sandbox.buy("team", customer_id=pk, seats=3)
    sandbox.deliver()
    [subscription] = Subscription.objects.filter(customer=pk)
    body = {
        "subscription_id": subscription.pk,
        "email": "grace@example.com",
        "immediate_claim": True,
    }
    answer = sandbox.api.post("/v1/customer-seats", json=body)
    assert answer.status_code == 200, answer.text
    lose_deliveries()
    mend()
    seat = Seat.objects.get(pk=answer.json()["id"])
    assert seat.status == "claimed"
    holder = seat.member_id
    sandbox.api.delete(f"/v1/customer-seats/{seat.pk}")
    lose_deliveries()
    mend()
    seat.refresh_from_db()
    assert (seat.status, seat.member_id, seat.last_member_id) == ("revoked", None, holder)
    assert differences() == {}
