import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from polar_django.billing import grant_benefit
from polar_django.exceptions import ProviderUnavailable
from polar_django.mirror.backfill import backfill
from polar_django.mirror.comparing import compare
from polar_django.mirror.steps import KINDS
from polar_django.models import (
    BenefitGrant,
    Customer,
    Order,
    Price,
    Product,
    Subscription,
    Transition,
)
from polar_django.providers.registry import get_provider
from polar_django.snapshots import BenefitSnapshot, CheckoutSnapshot, CustomerSnapshot
from tests.billing.fixtures import ada, service  # noqa: F401 (fixtures)

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def sold(service, ada):  # noqa: F811
    """One purchase by ada that the mirror has never heard of."""
    service.put(CustomerSnapshot(id="customer-1", external_id=str(ada.pk), email=ada.email))
    service.put(
        CheckoutSnapshot(
            id="checkout-1", customer_id="customer-1", product_id="product-pro-monthly"
        )
    )
    service.pay("checkout-1")
    return service


def run(command, *args):
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def test_a_first_copy_brings_everything_to_its_owner_and_tells_nobody(sold, ada):  # noqa: F811
    steps = list(backfill(get_provider()))
    assert Customer.objects.get().subscriber == ada
    assert Subscription.objects.get().subscriber == ada
    assert Order.objects.get().subscriber == ada
    assert BenefitGrant.objects.active().held_by(subscriber=ada).count() == 1
    assert Product.objects.count() == 4
    assert Price.objects.count() == 4
    assert not Transition.objects.exists()
    assert steps[-1].kind == "benefit_grants"


def test_a_second_copy_changes_nothing(sold):
    list(backfill(get_provider()))
    before = list(Subscription.objects.values("id", "status", "subscriber_id"))
    list(backfill(get_provider()))
    assert list(Subscription.objects.values("id", "status", "subscriber_id")) == before
    assert not Transition.objects.exists()


def test_a_copy_that_stopped_half_way_is_completed_by_the_next(sold):
    sold.faults["list orders"] = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        list(backfill(get_provider()))
    assert Subscription.objects.exists()
    assert not Order.objects.exists()
    sold.faults.clear()
    list(backfill(get_provider()))
    assert Order.objects.exists()


def test_progress_counts_up_page_by_page(sold):
    seen = [step.seen for step in backfill(get_provider(), ["products"])]
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == 8


def test_comparing_writes_nothing_and_names_what_is_missing_or_outdated(sold):
    first = {result.kind: result for result in compare(get_provider())}
    assert first["subscriptions"].missing == ["subscription-checkout-1"]
    assert not Subscription.objects.exists()

    list(backfill(get_provider()))
    Subscription.objects.update(modified_at=timezone.now())
    sold.change("subscription-checkout-1", status="past_due")
    second = {result.kind: result for result in compare(get_provider())}
    assert second["subscriptions"].missing == []
    assert second["subscriptions"].outdated == ["subscription-checkout-1"]
    assert second["orders"].outdated == []


def test_the_command_copies_and_shows_its_progress(sold):
    text = run("polar_sync")
    assert "subscriptions: 1 seen, 1 written" in text
    assert Subscription.objects.count() == 1


def test_the_command_can_copy_one_kind(sold):
    found = json.loads(run("polar_sync", "customers", "--json"))
    assert found == {"customers": {"seen": 1, "written": 1}}
    assert not Subscription.objects.exists()


def test_the_command_refuses_a_kind_there_is_not(sold):
    with pytest.raises(CommandError, match="invoices"):
        run("polar_sync", "invoices")


def test_a_check_fails_until_the_mirror_is_whole(sold):
    with pytest.raises(CommandError, match="differs"):
        run("polar_sync", "--check")
    assert not Product.objects.exists()
    run("polar_sync")
    assert "0 missing here, 0 outdated" in run("polar_sync", "--check")


def test_a_provider_that_is_down_is_one_line_not_a_traceback(sold):
    sold.faults["list meters"] = ProviderUnavailable("No answer.")
    with pytest.raises(CommandError, match="ProviderUnavailable: No answer"):
        run("polar_sync")


def test_what_is_for_sale_is_listed_with_keys_ids_and_plans(sold):
    assert "run polar_sync" in run("polar_products")
    run("polar_sync")
    text = run("polar_products")
    assert "Pro Monthly  [pro-monthly]  product-pro-monthly" in text
    assert "price: $12.00 a month" in text
    assert "gives: pro (benefit-pro)" in text
    entries = {entry["id"]: entry for entry in json.loads(run("polar_products", "--json"))}
    assert entries["product-pro-yearly"]["plans"] == ["pro"]
    assert entries["product-pro-yearly"]["benefits"] == ["pro"]
    assert entries["product-pro-yearly"]["benefit_ids"] == ["benefit-pro"]
    assert entries["product-secret-product"]["plans"] == []


def test_benefits_are_listed_with_their_ids_also_those_of_no_product(sold, ada):  # noqa: F811
    assert "run polar_sync" in run("polar_products", "--benefits")
    sold.put(BenefitSnapshot(id="benefit-loose", key="loose", description="For nobody yet"))
    run("polar_sync")
    grant_benefit(ada, "by-hand", reason="is no benefit of the provider's")
    text = run("polar_products", "--benefits")
    assert "For nobody yet  [loose]  benefit-loose\n    given by: no product" in text
    assert "by-hand" not in text
    told = {one["id"]: one for one in json.loads(run("polar_products", "--benefits", "--json"))}
    assert told["benefit-loose"]["products"] == []
    assert "Pro Monthly" in told["benefit-pro"]["products"]


@pytest.mark.parametrize(
    "words",
    [
        ["products", "--customer", "customer-1"],
        ["--restart", "--check"],
        ["--restart", "--customer", "customer-1"],
        ["--restart", "products"],
        ["--restart", "--repair", "products"],
    ],
)
def test_what_would_be_ignored_is_refused(sold, words):
    with pytest.raises(CommandError, match=r"name none|--restart is for"):
        run("polar_sync", *words)
    assert not Product.objects.exists()


@pytest.mark.parametrize("words", [[], ["--repair"], ["products"]])
def test_on_a_terminal_what_follows_the_progress_is_on_a_line_of_its_own(sold, words):
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    call_command("polar_sync", *words, stdout=out, no_color=True)
    *progress, last = out.getvalue().rstrip("\n").split("\n")
    assert last.startswith("Done: ")
    reported = {line.partition(":")[0] for line in progress if not line.startswith("\r")}
    assert reported == (set(KINDS) if words == ["--repair"] else set())


def test_archived_products_are_listed_when_asked_for(sold):
    sold.change("product-team", is_archived=True)
    run("polar_sync")
    assert "product-team" not in run("polar_products")
    assert "product-team" in run("polar_products", "--archived")
