import itertools

import pytest

from polar_django.exceptions import ForeignObject
from polar_django.models import (
    Benefit,
    BenefitGrant,
    Customer,
    Price,
    Product,
    Subscription,
    Transition,
    WriteLock,
)
from polar_django.snapshots import (
    BenefitSnapshot,
    CheckoutSnapshot,
    PriceSnapshot,
    ProductSnapshot,
)
from tests.mirror.worlds import apply, at, customer, event, grant, revoked, subscription

pytestmark = pytest.mark.django_db


def test_any_order_of_a_subscriptions_life_ends_in_its_newest_version():
    life = [
        event(subscription("trialing"), seconds=1),
        event(subscription("active"), seconds=2),
        event(subscription("active", cancel_at_period_end=True), seconds=3),
        event(subscription("canceled", cancel_at_period_end=True), seconds=4),
    ]
    for order in itertools.permutations(life):
        Subscription.objects.all().delete()
        for one in order:
            apply(one)
        row = Subscription.objects.get()
        assert (row.status, row.as_of) == ("canceled", at(4))


def test_a_whole_life_in_one_batch_ends_the_same_and_tells_every_step():
    apply(
        event(subscription("canceled"), seconds=4),
        event(subscription("trialing"), seconds=1),
        event(subscription("active", cancel_at_period_end=True), seconds=3),
    )
    assert Subscription.objects.get().status == "canceled"
    names = Transition.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == [
        "subscription_activated",
        "subscription_canceled",
        "subscription_revoked",
    ]


def test_modified_at_does_not_make_an_older_event_newer():
    apply(event(subscription("canceled", modified_at=at(1)), seconds=9))
    apply(event(subscription("active", modified_at=at(8)), seconds=5))
    assert Subscription.objects.get().status == "canceled"


def test_modified_at_breaks_a_tie():
    apply(event(subscription("canceled", modified_at=at(2)), seconds=9))
    apply(event(subscription("active", modified_at=at(1)), seconds=9))
    assert Subscription.objects.get().status == "canceled"


def test_an_equal_key_applies_again_and_tells_nothing_new():
    apply(event(grant(), seconds=1))
    apply(event(grant(properties={"note": "x"}), seconds=1))
    assert BenefitGrant.objects.get().properties == {"note": "x"}
    assert Transition.objects.filter(name="benefit_granted").count() == 1


def test_an_unknown_status_is_kept_as_it_came():
    apply(event(subscription("hibernating"), seconds=1))
    assert Subscription.objects.get().status == "hibernating"


def test_an_embedded_copy_fills_a_gap_but_never_overwrites():
    copy = customer(name="From a copy")
    apply(event(subscription(), seconds=5, embedded=[copy]))
    assert Customer.objects.get().name == "From a copy"
    apply(event(customer(name="Whole, and older than the copy"), seconds=2))
    assert Customer.objects.get().name == "Whole, and older than the copy"
    apply(event(subscription(id="sub_2"), seconds=9, embedded=[copy]))
    assert Customer.objects.get().name == "Whole, and older than the copy"


def test_what_a_purchase_brings_is_kept_also_where_a_copy_of_it_came_first():
    """A customer state lists subscriptions reduced; it may overtake their own events."""
    apply(event(grant(), embedded=[subscription()], seconds=1))
    sold = ProductSnapshot(id="prod_pro", name="Pro")
    apply(event(subscription(), embedded=[sold], seconds=0))
    assert Product.objects.get().name == "Pro"


def test_of_several_copies_in_one_batch_the_newest_is_kept():
    older, newer = (ProductSnapshot(id="prod_pro", name=name) for name in ("Old", "New"))
    apply(
        event(subscription(id="sub_2"), embedded=[newer], seconds=2),
        event(subscription(id="sub_1"), embedded=[older], seconds=1),
    )
    assert Product.objects.get().name == "New"


def test_what_a_copy_showed_first_is_still_news_when_it_is_seen_whole():
    apply(event(grant(), seconds=1, embedded=[subscription("active")]))
    assert not Transition.objects.filter(name="subscription_activated").exists()
    apply(event(subscription("active"), seconds=2))
    assert Transition.objects.filter(name="subscription_activated").count() == 1


def test_children_may_come_before_their_parents():
    apply(event(grant(), seconds=1))
    row = BenefitGrant.objects.select_related("customer", "benefit").get()
    assert (row.customer_id, row.customer) == ("cus_ada", None)
    apply(event(BenefitSnapshot(id="ben_pro", key="pro"), seconds=0))
    assert BenefitGrant.objects.select_related("benefit").get().benefit.key == "pro"


def test_an_id_of_another_provider_is_refused_and_nothing_is_written():
    apply(event(customer(name="Ada"), seconds=1))
    with pytest.raises(ForeignObject):
        apply(
            event(customer(name="Mallory"), seconds=2, provider="creem"), event(grant(), seconds=2)
        )
    assert Customer.objects.get().name == "Ada"
    assert not BenefitGrant.objects.exists()


def test_a_grant_that_was_revoked_and_granted_again_is_live():
    apply(
        event(grant(granted_at=at(1)), seconds=1),
        event(revoked(revoked_at=at(2)), seconds=2),
        event(grant(granted_at=at(3)), seconds=3),
    )
    assert BenefitGrant.objects.active().count() == 1
    names = Transition.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["benefit_granted", "benefit_revoked", "benefit_granted"]


def test_prices_that_a_product_lists_no_more_are_archived():
    old = PriceSnapshot(id="price_old", product_id="prod_pro", price_amount=1000)
    new = PriceSnapshot(id="price_new", product_id="prod_pro", price_amount=1200)
    ad_hoc = PriceSnapshot(id="price_deal", product_id="prod_pro", source="ad_hoc")
    apply(event(ProductSnapshot(id="prod_pro"), old, seconds=1), event(ad_hoc, seconds=1))
    apply(event(ProductSnapshot(id="prod_pro"), new, seconds=2))
    assert {p.pk for p in Price.objects.filter(is_archived=False)} == {"price_new", "price_deal"}
    apply(event(ProductSnapshot(id="prod_pro"), old, seconds=1))
    assert Price.objects.get(pk="price_old").is_archived


def test_a_price_first_heard_of_after_it_was_dropped_is_archived():
    dropped = PriceSnapshot(id="price_old", product_id="prod_pro")
    apply(event(ProductSnapshot(id="prod_pro"), seconds=2))
    apply(event(ProductSnapshot(id="prod_pro"), dropped, seconds=1))
    assert Price.objects.get().is_archived


def test_a_price_that_came_as_a_copy_with_an_old_purchase_is_archived_by_the_product():
    copies = [ProductSnapshot(id="prod_pro"), PriceSnapshot(id="price_old", product_id="prod_pro")]
    apply(event(subscription(), seconds=1, embedded=copies))
    assert not Price.objects.get().is_archived
    new = PriceSnapshot(id="price_new", product_id="prod_pro")
    apply(event(ProductSnapshot(id="prod_pro"), new, seconds=2))
    assert Price.objects.get(is_archived=False).pk == "price_new"


def test_a_copy_of_a_price_that_the_product_lists_is_current_once_that_is_heard():
    new = PriceSnapshot(id="price_new", product_id="prod_pro")
    apply(event(ProductSnapshot(id="prod_pro"), seconds=1))
    apply(event(subscription(), seconds=3, embedded=[new]))
    apply(event(ProductSnapshot(id="prod_pro"), new, seconds=2))
    assert not Price.objects.get().is_archived


def test_our_own_columns_outlive_every_version():
    apply(event(subscription(), seconds=1))
    BenefitGrant.objects.all().delete()
    apply(event(grant(), seconds=1))
    BenefitGrant.objects.update(reason="for the beta")
    apply(event(grant(properties={"x": 1}), seconds=2))
    row = BenefitGrant.objects.get()
    assert (row.reason, row.properties) == ("for the beta", {"x": 1})


def test_a_known_subscription_costs_four_statements(django_assert_num_queries):
    apply(event(subscription(), seconds=1, embedded=[customer()]))
    Customer.objects.update(subscriber=None)
    changed = event(subscription(cancel_at_period_end=True), seconds=2)
    with django_assert_num_queries(7):  # savepoint and release; lock, read, owner, write, news
        apply(changed)


def test_twenty_deliveries_cost_no_more_statements_than_a_few(django_assert_max_num_queries):
    many = [
        event(
            subscription(id=f"sub_{n}", customer_id=f"cus_{n}"),
            seconds=n,
            embedded=[customer(f"cus_{n}"), ProductSnapshot(id="prod_pro")],
        )
        for n in range(20)
    ]
    with django_assert_max_num_queries(11):
        apply(*many)
    assert Subscription.objects.count() == Customer.objects.count() == 20
    assert Product.objects.count() == 1
    assert Benefit.objects.count() == 0


def test_pay_pages_that_nobody_pays_leave_no_lock_each():
    apply(*(event(CheckoutSnapshot(id=f"checkout_{number}")) for number in range(600)))
    assert WriteLock.objects.count() <= 256
