import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, checkouts, customers, discounts, subscriptions
from polar_django.sandbox.models import (
    BenefitGrant,
    Checkout,
    Customer,
    CustomerSession,
    Order,
    PaymentMethod,
    Subscription,
    WebhookEvent,
)
from tests.sandbox.conftest import DECLINES, Ears, Shop

WHOLE_ADDRESS = {
    "billing_address": {"country": "NL", "line1": "Dam 1", "postal_code": "1012", "city": "A"}
}
NEW_BUYER = ["member.created", "checkout.updated", "customer.created", "customer.state_changed"]
KNOWN_BUYER = ["checkout.updated", "customer.updated", "customer.state_changed"]
SUBSCRIBED = ["subscription.created", "subscription.active", "subscription.updated"]
PAID = ["order.created", "order.updated", "order.paid", "checkout.updated"]


def test_a_new_buyer_subscribes_in_the_recorded_order(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro, external_customer_id="u-1", metadata={"team": "42"})

    assert ears.types() == [
        "checkout.created",
        *NEW_BUYER,
        *SUBSCRIBED,
        *PAID,
        "benefit_grant.created",
        "benefit_grant.created",
        "customer.state_changed",
    ]


def test_a_paid_subscription_is_final_in_its_first_event(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro, external_customer_id="u-1", metadata={"team": "42"})

    events = ears.events()
    first = next(data for name, data in events if name == "subscription.created")
    order = next(data for name, data in events if name == "order.created")
    assert (first["status"], first["amount"], first["metadata"]) == (
        "active",
        1_000,
        {"team": "42"},
    )
    assert (order["status"], order["paid"], order["total_amount"]) == ("paid", True, 1_000)
    assert order["billing_reason"] == "subscription_create"
    assert order["subscription"]["id"] == first["id"]
    assert order["customer"]["external_id"] == "u-1"
    assert order["checkout_id"] == first["checkout_id"]


def test_the_receipt_comes_with_order_paid(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.ebook)

    receipts = {name: data["receipt_number"] for name, data in ears.events() if "order." in name}
    assert receipts["order.created"] is receipts["order.updated"] is None
    assert receipts["order.paid"].startswith("RCPT-")


def test_a_one_time_purchase_makes_no_subscription(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.ebook)

    assert ears.types() == [
        "checkout.created",
        *NEW_BUYER,
        *PAID,
        "benefit_grant.created",
        "customer.state_changed",
    ]
    grant = BenefitGrant.objects.get()
    assert (grant.subscription, grant.order) == (None, Order.objects.get())


def test_a_known_buyer_is_updated_not_created(shop: Shop, ears: Ears) -> None:
    customers.create_customer({"email": "ada@example.com"})
    ears.events()

    shop.buy(shop.ebook, customer_email="ADA@example.com")

    assert ears.types()[1:4] == KNOWN_BUYER
    assert Customer.objects.count() == 1


def test_a_free_product_asks_for_no_card_and_still_makes_an_order(shop: Shop, ears: Ears) -> None:
    shop.confirm(shop.open(shop.free), card=None)

    order = Order.objects.get()
    assert (order.total_amount, order.status) == (0, "paid")
    assert order.invoice_number is not None
    assert ears.types()[5:] == [
        *SUBSCRIBED,
        *PAID,
        "benefit_grant.created",
        "customer.state_changed",
    ]


def test_a_trial_is_active_costs_nothing_yet_and_keeps_the_card(shop: Shop, ears: Ears) -> None:
    product = shop.product(
        "Trial", 2_000, interval="month", trial_interval="day", trial_interval_count=14
    )
    ears.events()

    shop.buy(product)

    subscription = Subscription.objects.get()
    assert subscription.status == "trialing"
    assert subscription.trial_end == subscription.current_period_end
    assert subscription.payment_method is not None
    assert Order.objects.get().total_amount == 0
    assert "subscription.active" in ears.types()


def test_a_declined_card_changes_nothing_and_sends_only_checkout_updated(
    shop: Shop, ears: Ears
) -> None:
    checkout = shop.open(shop.pro)
    ears.events()

    with pytest.raises(errors.PaymentError):
        shop.confirm(checkout, DECLINES, customer_name="Mona")

    assert ears.types() == ["checkout.updated"]
    checkout.refresh_from_db()
    assert (checkout.status, checkout.customer_name) == ("open", None)
    assert not Customer.objects.exists()
    assert not Order.objects.exists()


def test_a_declined_buyer_may_try_again(shop: Shop) -> None:
    checkout = shop.open(shop.pro)
    with pytest.raises(errors.PaymentError):
        shop.confirm(checkout, DECLINES)

    shop.confirm(checkout)

    assert Checkout.objects.get().status == "succeeded"


@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "5500005555555559", "ctoken_ok"])
def test_a_card_that_is_not_a_test_card_is_refused_and_never_kept(shop: Shop, number: str) -> None:
    checkout = shop.open(shop.pro)

    with pytest.raises(errors.InvalidRequest) as refused:
        shop.confirm(checkout, number)

    assert number not in str(refused.value.errors)
    assert not PaymentMethod.objects.exists()
    digits = number.replace(" ", "")
    assert not any(digits in (row.body or "") for row in WebhookEvent.objects.all())


def test_confirming_answers_confirmed_although_all_is_done(shop: Shop) -> None:
    result = shop.buy(shop.pro)

    assert result.checkout.status == "confirmed"
    assert Checkout.objects.get().status == "succeeded"


def test_only_a_new_or_linked_buyer_gets_a_portal_token(shop: Shop) -> None:
    assert (shop.buy(shop.ebook).customer_session_token or "").startswith("polar_cst_")
    # Matched by the e-mail alone, which anybody may type.
    assert shop.buy(shop.ebook).customer_session_token is None
    linked = shop.open(shop.ebook, customer_id=Customer.objects.get().id)
    assert shop.confirm(linked).customer_session_token is not None
    assert CustomerSession.objects.count() == 2


def test_a_second_subscription_is_refused_by_default(shop: Shop) -> None:
    shop.buy(shop.pro)

    with pytest.raises(errors.AlreadyActiveSubscriptionError):
        shop.buy(shop.free, card=None)


def test_what_is_missing_is_named_as_polar_names_it(shop: Shop) -> None:
    checkout = checkouts.create_checkout({"products": [shop.pro.id]})

    with pytest.raises(errors.InvalidRequest) as refused:
        shop.confirm(checkout, None, customer_billing_address=None)

    assert [error["loc"] for error in refused.value.errors] == [
        ["body", "customer_billing_address", "country"],
        ["body", "customer_billing_address"],
        ["body", "customer_email"],
        ["body", "confirmation_token_id"],
    ]
    assert {error["type"] for error in refused.value.errors} == {"missing"}


def test_a_confirmed_session_is_not_open_any_more(shop: Shop) -> None:
    checkout = shop.buy(shop.ebook).checkout

    with pytest.raises(errors.NotOpenCheckout, match="is not open: succeeded"):
        shop.confirm(checkout)
    with pytest.raises(errors.NotOpenCheckout):
        checkouts.update_checkout(checkout, {"metadata": {"a": "b"}})


def test_the_email_wins_over_the_external_id_at_confirmation(shop: Shop) -> None:
    customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})
    checkout = shop.open(shop.ebook, external_customer_id="u-2")

    shop.confirm(checkout)

    assert Customer.objects.get().external_id == "u-1"


def test_an_external_id_taken_meanwhile_is_a_mismatch(shop: Shop) -> None:
    checkout = shop.open(shop.ebook, external_customer_id="u-1", customer_email="new@example.com")
    customers.create_customer({"email": "old@example.com", "external_id": "u-1"})

    with pytest.raises(errors.CheckoutCustomerExternalIdMismatch):
        shop.confirm(checkout)


def test_a_known_external_id_links_the_customer_at_once(shop: Shop) -> None:
    customer = customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})

    checkout = shop.open(shop.ebook, external_customer_id="u-1", customer_email="typed@example.com")

    assert checkout.customer == customer
    assert checkout.customer_email == "typed@example.com"


def test_tax_is_reckoned_once_the_country_is_known(shop: Shop) -> None:
    checkout = shop.open(shop.pro)
    assert (checkout.tax_amount, checkout.total_amount) == (None, 1_000)

    result = shop.confirm(checkout, country="FR")

    assert (result.checkout.tax_amount, result.checkout.total_amount) == (167, 1_000)
    order = Order.objects.get()
    assert (order.net_amount, order.tax_amount, order.due_amount) == (833, 167, 1_000)


def test_a_price_can_say_that_the_tax_comes_on_top(shop: Shop) -> None:
    price = {"amount_type": "fixed", "price_amount": 1_000, "tax_behavior": "exclusive"}
    product = catalog.create_product({"name": "Net", "prices": [price]})

    shop.buy(product, country="FR")

    order = Order.objects.get()
    assert (order.net_amount, order.tax_amount, order.due_amount) == (1_000, 200, 1_200)


def test_a_custom_price_takes_the_amount_within_its_bounds(shop: Shop) -> None:
    checkout = shop.open(shop.gift)
    assert checkout.amount == 500

    checkouts.update_checkout_by_buyer(checkout, {"amount": 2_500})
    assert checkout.total_amount == 2_500
    with pytest.raises(errors.InvalidRequest, match="below minimum"):
        checkouts.update_checkout_by_buyer(checkout, {"amount": 499})


def test_a_buyer_chooses_among_the_offered_products_only(shop: Shop) -> None:
    checkout = checkouts.create_checkout({"products": [shop.pro.id, shop.ebook.id]})

    checkouts.update_checkout_by_buyer(checkout, {"product_id": shop.ebook.id})
    assert checkout.amount == 1_500
    with pytest.raises(errors.InvalidRequest, match="not available in this checkout"):
        checkouts.update_checkout_by_buyer(checkout, {"product_id": shop.gift.id})


def test_a_buyer_cannot_change_what_is_the_sellers(shop: Shop) -> None:
    checkout = shop.open(shop.pro, metadata={"user": "1"})

    checkouts.update_checkout_by_buyer(
        checkout, {"metadata": {"user": "2"}, "success_url": "https://evil.example"}
    )

    checkout.refresh_from_db()
    assert (checkout.metadata, checkout.success_url) == ({"user": "1"}, "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_archived": True}, "Product is archived."),
        ({"visibility": "draft"}, "Product is a draft."),
    ],
)
def test_a_product_that_is_not_sold_is_refused_by_its_index(
    shop: Shop, change: dict[str, object], message: str
) -> None:
    catalog.update_product(shop.ebook, change)

    with pytest.raises(errors.InvalidRequest, match=message) as refused:
        checkouts.create_checkout({"products": [shop.pro.id, shop.ebook.id]})

    assert refused.value.errors[0]["loc"] == ["body", "products", 1]


def test_a_free_subscription_by_api_makes_no_order(shop: Shop, ears: Ears) -> None:
    customer = customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})
    ears.events()

    subscriptions.create_free_subscription(
        {"product_id": shop.free.id, "external_customer_id": "u-1"}
    )

    assert ears.types() == [*SUBSCRIBED, "benefit_grant.created", "customer.state_changed"]
    assert not customer.orders.exists()
    with pytest.raises(errors.InvalidRequest, match="Product is not free"):
        subscriptions.create_free_subscription(
            {"product_id": shop.pro.id, "external_customer_id": "u-1"}
        )


def test_a_free_subscription_is_upgraded_in_place(shop: Shop, ears: Ears) -> None:
    shop.confirm(shop.open(shop.free), card=None)
    subscription = Subscription.objects.get()
    ears.events()

    shop.buy(shop.pro, subscription_id=subscription.id)

    upgraded = Subscription.objects.get()
    assert (upgraded.product, upgraded.amount) == (shop.pro, 1_000)
    types = ears.types()
    assert "subscription.created" not in types
    assert types.count("benefit_grant.created") == 1
    assert Order.objects.latest("created_at").billing_reason == "subscription_update"


def test_what_a_customer_said_before_fills_the_page_in(shop: Shop) -> None:
    ada = customers.create_customer({"email": "ada@example.com", "name": "Ada", **WHOLE_ADDRESS})

    first = checkouts.create_checkout({"products": [shop.ebook.id], "customer_id": ada.id})
    customers.update_customer(ada, {"billing_name": "Ada & Co"})
    second = checkouts.create_checkout({"products": [shop.ebook.id], "customer_id": ada.id})

    assert (first.customer_billing_name, first.is_business_customer) == ("Ada", False)
    assert (second.customer_billing_name, second.is_business_customer) == ("Ada & Co", True)


def test_a_discount_for_another_product_does_not_exist(shop: Shop) -> None:
    only_ebook = discounts.create_discount(
        {
            "name": "Half",
            "type": "percentage",
            "basis_points": 5_000,
            "duration": "once",
            "products": [shop.ebook.id],
        }
    )

    with pytest.raises(errors.InvalidRequest, match="Discount does not exist"):
        shop.open(shop.pro, discount_id=only_ebook.id)
    assert shop.open(shop.ebook, discount_id=only_ebook.id).discount == only_ebook
