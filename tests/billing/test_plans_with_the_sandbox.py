"""Every option of a plan, asked of our Polar over HTTP: what the session became there."""

from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import translation

from polar_django.billing import create_checkout_session
from polar_django.conf import Plan
from polar_django.exceptions import (
    ConfigurationError,
    InvalidRequest,
    NotSupported,
    ProviderUnavailable,
)
from polar_django.models import CheckoutSession, Customer, Order, Subscription
from polar_django.providers.polar.provider import PolarProvider
from tests.billing.lost_answers import lost_answer
from tests.billing.shelf import plans, stock

HOME = "http://testserver/"


@pytest.fixture
def shelf(sandbox: Any) -> Any:
    return stock(sandbox)


def there(sandbox: Any, session: CheckoutSession) -> dict[str, Any]:
    """The session as the provider has it."""
    return dict(sandbox.api.get(f"/v1/checkouts/{session.pk}").json())


def sold(sandbox: Any, ada: Any, settings: Any, plan: dict[str, Any], **options: Any) -> Any:
    plans(settings, one=plan)
    session = create_checkout_session(ada, "one", **{"success_url": HOME, **options})
    return there(sandbox, session)


def test_several_products_are_offered_and_the_first_is_preselected(shelf, sandbox, ada, settings):
    made = sold(sandbox, ada, settings, {"products": ["donation", "studio"]})
    assert [product["name"] for product in made["products"]] == ["Donation", "Studio"]
    assert made["product"]["name"] == "Donation"


@pytest.mark.parametrize(
    ("price", "product", "total"),
    [
        ({"amount_type": "fixed", "price_amount": 777}, "studio", 777),
        ({"amount_type": "free"}, "studio", 0),
        ({"amount_type": "custom", "minimum_amount": 100, "preset_amount": 650}, "studio", 650),
        ({"amount_type": "seat_based", "price_per_seat": 300}, "studio", 1_200),
    ],
)
def test_an_ad_hoc_price_holds_for_this_checkout_only(
    shelf, sandbox, ada, settings, price, product, total
):
    seats = {"seats": 4} if price["amount_type"] == "seat_based" else {}
    made = sold(
        sandbox, ada, settings, {"products": [product], "prices": {product: price}, **seats}
    )
    assert made["total_amount"] == total
    assert made["prices"][shelf["products"][product]][0]["source"] == "ad_hoc"
    catalogue = sandbox.api.get(f"/v1/products/{shelf['products'][product]}").json()
    assert catalogue["prices"][0]["price_amount"] == 3_000


def test_an_ad_hoc_metered_price_names_its_meter_by_key(shelf, sandbox, ada, settings):
    price = {"amount_type": "metered_unit", "meter": "tokens", "unit_amount": "0.5"}
    made = sold(sandbox, ada, settings, {"products": ["studio"], "prices": {"studio": [price]}})
    (listed,) = made["prices"][shelf["products"]["studio"]]
    assert listed["meter_id"] == shelf["meters"]["tokens"]


def test_a_meter_nobody_knows_is_named(shelf, ada, settings):
    price = {"amount_type": "metered_unit", "meter": "tokns", "unit_amount": 1}
    plans(settings, one={"products": ["studio"], "prices": {"studio": price}})
    with pytest.raises(ConfigurationError, match="tokns"):
        create_checkout_session(ada, "one", success_url=HOME)


def half_for_staff(request: Any, subscriber: Any) -> dict[str, Any]:
    amount = 1_500 if subscriber is not None and subscriber.is_staff else 3_000
    return {"studio": {"amount_type": "fixed", "price_amount": amount}}


@pytest.mark.parametrize(("staff", "total"), [(True, 1_500), (False, 3_000)])
def test_a_price_may_be_computed_for_the_subscriber(shelf, sandbox, ada, settings, staff, total):
    ada.is_staff = staff
    plan = {"products": ["studio"], "prices": half_for_staff}
    assert sold(sandbox, ada, settings, plan)["total_amount"] == total


def test_a_computed_price_of_something_else_is_refused(shelf, ada, settings):
    plans(
        settings,
        one={
            "products": ["studio"],
            "prices": lambda request, subscriber: {"hobby": {"amount_type": "free"}},
        },
    )
    with pytest.raises(ConfigurationError, match="hobby"):
        create_checkout_session(ada, "one", success_url=HOME)


def test_the_buyer_names_the_amount_within_both_bounds(shelf, sandbox, ada, settings):
    plan = {"products": ["donation"], "min_amount": 800, "max_amount": 5_000, "amount": 900}
    assert sold(sandbox, ada, settings, plan)["amount"] == 900
    assert sold(sandbox, ada, settings, plan, amount=4_999)["amount"] == 4_999
    for wrong in (0, 500, 799, 5_001, -900):
        with pytest.raises(InvalidRequest) as caught:
            create_checkout_session(ada, "one", amount=wrong, success_url=HOME)
        assert caught.value.code == "amount_out_of_bounds"


def test_the_price_itself_bounds_the_amount_where_the_plan_does_not(shelf, sandbox, ada, settings):
    plans(settings, one={"products": ["donation"]})
    for wrong in (499, 20_001):
        with pytest.raises(InvalidRequest):
            create_checkout_session(ada, "one", amount=wrong, success_url=HOME)
    assert sold(sandbox, ada, settings, {"products": ["donation"]})["amount"] == 1_000


def test_an_amount_for_a_fixed_price_is_refused(shelf, ada, settings):
    plans(settings, one={"products": ["studio"]})
    with pytest.raises(InvalidRequest):
        create_checkout_session(ada, "one", amount=1, success_url=HOME)


@pytest.mark.parametrize("name", ["id", "SPRING20", "spring20", "friends"])
def test_a_plan_gives_a_discount_by_id_code_or_key(shelf, sandbox, ada, settings, name):
    given = shelf["discounts"]["spring"] if name == "id" else name
    made = sold(sandbox, ada, settings, {"products": ["studio"], "discount": given})
    assert made["total_amount"] == (1_500 if name == "friends" else 2_400)


def from_edge(request: Any) -> Any:
    return request.headers.get("X-Edge-Address")


@pytest.mark.parametrize(
    ("setting", "sent", "got"),
    [
        (None, {"REMOTE_ADDR": "8.8.8.8"}, None),
        ("REMOTE_ADDR", {"REMOTE_ADDR": "8.8.8.8"}, "8.8.8.8"),
        ("REMOTE_ADDR", {"REMOTE_ADDR": "::ffff:8.8.8.8"}, "8.8.8.8"),
        ("REMOTE_ADDR", {"REMOTE_ADDR": "2001:4860:4860::8888"}, "2001:4860:4860::8888"),
        # A proxy's, a socket's, nobody's, and what a browser may have written itself.
        ("REMOTE_ADDR", {"REMOTE_ADDR": "10.0.0.7"}, None),
        ("REMOTE_ADDR", {"REMOTE_ADDR": ""}, None),
        ("HTTP_CF_CONNECTING_IP", {"REMOTE_ADDR": "8.8.8.8"}, None),
        ("HTTP_X_FORWARDED_FOR", {"HTTP_X_FORWARDED_FOR": "9.9.9.9, 8.8.8.8"}, None),
        (from_edge, {"HTTP_X_EDGE_ADDRESS": "8.8.8.8"}, "8.8.8.8"),
        (f"{__name__}.from_edge", {"HTTP_X_EDGE_ADDRESS": "8.8.8.8"}, "8.8.8.8"),
        (from_edge, {"REMOTE_ADDR": "8.8.8.8"}, None),
    ],
)
def test_a_buyers_address_is_told_only_as_the_project_says(
    shelf, sandbox, ada, settings, rf, setting, sent, got
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "CUSTOMER_IP_ADDRESS": setting}
    made = sold(sandbox, ada, settings, {"products": ["studio"]}, request=rf.get("/", **sent))
    assert made["customer_ip_address"] == got


def test_the_same_buyer_in_another_network_gets_the_same_session(shelf, ada, settings, rf):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "CUSTOMER_IP_ADDRESS": "REMOTE_ADDR"}
    plans(settings, one={"products": ["studio"]})
    sessions = [
        create_checkout_session(ada, "one", request=rf.get("/", REMOTE_ADDR=address))
        for address in ("8.8.8.8", "9.9.9.9")
    ]
    assert sessions[0].pk == sessions[1].pk


def test_a_plan_is_sold_on_when_its_discount_has_ended(shelf, sandbox, ada, settings, caplog):
    path = f"/v1/discounts/{shelf['discounts']['spring']}"
    ended = sandbox.api.patch(path, json={"ends_at": "2020-01-01T00:00:00Z"})
    assert ended.status_code == 200, ended.text
    made = sold(sandbox, ada, settings, {"products": ["studio"], "discount": "SPRING20"})
    assert (made["total_amount"], made["discount_id"]) == (3_000, None)
    assert "'one' is sold without its discount" in caplog.text
    again = create_checkout_session(ada, "one", success_url=HOME)
    assert again.pk == made["id"]


def test_a_discount_nobody_knows_is_named(shelf, ada, settings):
    plans(settings, one={"products": ["studio"], "discount": "SUMMER"})
    with pytest.raises(ConfigurationError, match="SUMMER"):
        create_checkout_session(ada, "one", success_url=HOME)


def test_a_code_is_judged_by_the_provider(shelf, sandbox, ada, settings):
    plan = {"products": ["studio"]}
    assert sold(sandbox, ada, settings, plan, discount_code=" spring20 ")["total_amount"] == 2_400
    again = sold(sandbox, ada, settings, plan, discount_code="SPRING20")
    assert again["discount"]["code"] == "SPRING20"
    assert CheckoutSession.objects.count() == 1
    with pytest.raises(InvalidRequest) as caught:
        create_checkout_session(ada, "one", discount_code="NO-SUCH", success_url=HOME)
    assert caught.value.code == "discount_refused"


def test_the_same_wrong_code_makes_no_session_after_session(shelf, ada, settings):
    plans(settings, one={"products": ["studio"]})
    for _ in range(3):
        with pytest.raises(InvalidRequest):
            create_checkout_session(ada, "one", discount_code="GUESS", success_url=HOME)
    assert CheckoutSession.objects.count() == 1


def test_a_plan_without_codes_takes_none_here_and_none_there(shelf, sandbox, ada, settings):
    plan = {"products": ["studio"], "allow_discount_codes": False}
    made = sold(sandbox, ada, settings, plan)
    assert made["allow_discount_codes"] is False
    with pytest.raises(InvalidRequest):
        create_checkout_session(ada, "one", discount_code="SPRING20", success_url=HOME)


def test_a_trial_is_given_or_kept_back(shelf, sandbox, ada, settings):
    plan = {"products": ["studio"], "trial_interval": "week", "trial_interval_count": 2}
    made = sold(sandbox, ada, settings, plan)
    assert (made["active_trial_interval"], made["active_trial_interval_count"]) == ("week", 2)
    made = sold(sandbox, ada, settings, {**plan, "allow_trial": False})
    assert made["active_trial_interval"] is None


def test_a_currency_is_chosen(shelf, sandbox, ada, settings):
    made = sold(sandbox, ada, settings, {"products": ["euro"], "currency": "eur"})
    assert (made["currency"], made["total_amount"]) == ("eur", 900)


def test_address_and_business_are_asked_for(shelf, sandbox, ada, settings):
    plan = {"products": ["studio"], "require_billing_address": True}
    assert sold(sandbox, ada, settings, plan)["require_billing_address"] is True
    plan = {"products": ["studio"], "is_business_customer": True}
    assert sold(sandbox, ada, settings, plan)["is_business_customer"] is True


def test_custom_fields_are_filled_in(shelf, sandbox, ada, settings):
    field = sandbox.api.post(
        "/v1/custom-fields/",
        json={"type": "text", "slug": "team_name", "name": "Team", "properties": {}},
    ).json()
    sandbox.api.patch(
        f"/v1/products/{shelf['products']['studio']}",
        json={"attached_custom_fields": [{"custom_field_id": field["id"], "required": False}]},
    )
    plan = {"products": ["studio"], "custom_fields": {"team_name": "Lovelace"}}
    assert sold(sandbox, ada, settings, plan)["custom_field_data"] == {"team_name": "Lovelace"}


def test_metadata_comes_back_with_all_that_follows(shelf, sandbox, ada, settings):
    plans(
        settings,
        one={
            "products": ["studio"],
            "metadata": {"campaign": "spring"},
            "customer_metadata": {"tier": "gold"},
        },
    )
    session = create_checkout_session(
        ada, "one", metadata={"basket": 7}, request_id="req-1", success_url=HOME
    )
    sandbox.pay(session.url)
    sandbox.deliver()
    said = {"campaign": "spring", "basket": 7, "request_id": "req-1", "plan": "one"}
    for row in (Order.objects.get(), Subscription.objects.get()):
        assert said.items() <= row.metadata.items()
    assert Order.objects.get(metadata__request_id="req-1").subscriber == ada
    assert Customer.objects.get().metadata == {"tier": "gold"}
    bodies = [each["body"] for each in sandbox.deliveries() if each["type"] == "order.paid"]
    assert bodies
    assert all('"request_id":"req-1"' in body for body in bodies)


def test_metadata_cannot_say_another_plan(shelf, sandbox, ada, settings):
    plans(settings, one={"products": ["studio"]})
    session = create_checkout_session(ada, "one", metadata={"plan": "two"}, success_url=HOME)
    assert session.metadata["plan"] == "one"


def test_addresses_and_prefilled_answers(shelf, sandbox, ada, settings):
    made = sold(
        sandbox,
        ada,
        settings,
        {
            "products": ["studio"],
            "success_url": "https://shop.example/thanks?c={CHECKOUT_ID}",
            "return_url": "https://shop.example/pricing",
        },
        success_url=None,
        email="other@example.com",
        name="Ada L.",
    )
    assert made["success_url"] == f"https://shop.example/thanks?c={made['id']}"
    assert made["return_url"] == "https://shop.example/pricing"
    assert made["customer_name"] == "Ada L."
    assert made["external_customer_id"] in (None, str(ada.pk))


def test_the_pay_page_speaks_the_buyers_language(shelf, sandbox, ada, settings, monkeypatch):
    asked = []
    create = PolarProvider.create_checkout

    def hear(self, request):
        asked.append(request.locale)
        return create(self, request)

    monkeypatch.setattr(PolarProvider, "create_checkout", hear)
    with translation.override("pt-br"):
        sold(sandbox, ada, settings, {"products": ["studio"]})
    sold(sandbox, ada, settings, {"products": ["studio"], "locale": "fr"})
    assert asked == ["pt-BR", "fr"]


def test_only_an_embedded_page_says_who_may_frame_it(shelf, sandbox, ada, settings):
    asking = RequestFactory().get("/", SERVER_NAME="testserver")
    plan = {"products": ["studio"]}
    framed = sold(sandbox, ada, settings, plan, success_url=None, request=asking, embed=True)
    assert framed["embed_origin"] == "http://testserver"
    whole = sold(sandbox, ada, settings, plan, success_url=None, request=asking)
    assert whole["embed_origin"] is None


def test_a_changed_plan_is_not_sold_by_an_old_session(shelf, sandbox, ada, settings):
    plan = {"products": ["studio"], "prices": {"studio": {"amount_type": "free"}}}
    free = sold(sandbox, ada, settings, plan)
    assert sold(sandbox, ada, settings, plan)["id"] == free["id"]
    dear = sold(sandbox, ada, settings, {"products": ["studio"]})
    assert dear["id"] != free["id"]
    assert dear["total_amount"] == 3_000


def test_a_plan_may_come_from_code_alone(shelf, sandbox, ada):
    plan = Plan.from_options("offer-7", {"products": ["donation"], "amount": 4_200})
    session = create_checkout_session(ada, plan, success_url=HOME)
    assert there(sandbox, session)["amount"] == 4_200
    assert session.plan == "offer-7"


def test_a_free_subscription_becomes_a_paid_one(shelf, sandbox, ada, settings):
    plans(settings, hobby={"products": ["hobby"]}, studio={"products": ["studio"]})
    free = create_checkout_session(ada, "hobby", success_url=HOME)
    sandbox.confirm(free.url, customer_name="Ada", customer_billing_address={"country": "NL"})
    sandbox.deliver()
    held = Subscription.objects.get()
    assert held.amount == 0

    session = create_checkout_session(ada, "studio", success_url=HOME)
    assert session.subscription_id == held.pk
    sandbox.pay(session.url)
    sandbox.deliver()
    held.refresh_from_db()
    assert (held.amount, held.product.key) == (3_000, "studio")
    assert Subscription.objects.count() == 1


def test_a_provider_that_knows_no_ad_hoc_prices_says_so(shelf, ada, settings, monkeypatch):
    monkeypatch.setattr(PolarProvider, "capabilities", frozenset())
    plans(settings, one={"products": ["studio"], "prices": {"studio": {"amount_type": "free"}}})
    with pytest.raises(NotSupported):
        create_checkout_session(ada, "one", success_url=HOME)


def test_a_time_out_leaves_one_customer_and_no_lost_link(shelf, sandbox, ada, settings):
    plans(settings, one={"products": ["studio"]})
    with lost_answer("POST", "/v1/checkouts/"):
        made = create_checkout_session(ada, "one", success_url=HOME)
    assert (made.subscriber, made.plan) == (ada, "one")
    assert sandbox.api.get("/v1/checkouts/").json()["pagination"]["total_count"] == 1
    session = create_checkout_session(ada, "one", success_url=HOME)
    listed = sandbox.api.get("/v1/checkouts/").json()["items"]
    assert [each["id"] for each in listed] == [session.pk] == [made.pk]
    assert (session.subscriber, session.plan) == (ada, "one")
    assert sandbox.api.get("/v1/customers/").json()["pagination"]["total_count"] == 1


def test_a_call_that_never_arrived_is_an_error_and_the_next_makes_one(
    shelf, sandbox, ada, settings
):
    plans(settings, one={"products": ["studio"]})
    with (
        lost_answer("POST", "/v1/checkouts/", arrives=False),
        pytest.raises(ProviderUnavailable),
    ):
        create_checkout_session(ada, "one", success_url=HOME)
    assert not CheckoutSession.objects.exists()
    session = create_checkout_session(ada, "one", success_url=HOME)
    sandbox.pay(session.url)
    sandbox.deliver()
    assert Customer.objects.filter(subscriber=ada).count() == 1
    assert Subscription.objects.get().subscriber == ada
