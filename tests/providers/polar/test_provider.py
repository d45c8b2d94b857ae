from datetime import UTC, datetime

import pytest

from polar_django.conf import Settings
from polar_django.exceptions import (
    ConfigurationError,
    CustomerConflict,
    InvalidRequest,
    NotSupported,
    ObjectNotFound,
    ProviderUnavailable,
)
from polar_django.providers.base import CheckoutRequest
from polar_django.providers.polar.client import COLLECTIONS
from polar_django.providers.polar.connection import base_url
from polar_django.providers.polar.parsing import PARSERS
from polar_django.providers.polar.provider import PolarProvider
from tests.providers.fakes import Server, answer
from tests.providers.polar import shapes
from tests.providers.polar.shapes import CHANGED_AT

NOT_FOUND = {"error": "ResourceNotFound", "detail": "Not found"}


@pytest.fixture
def polar():
    return PolarProvider(
        Settings(access_token=" polar_oat_own\n", server="http://polar.example/base/")
    )


def page(items, number=1):
    return answer(
        200, {"items": items, "pagination": {"total_count": len(items), "max_page": number}}
    )


def refused(place, message):
    problem = {"type": "value_error", "loc": ["body", place], "msg": message, "input": "x"}
    return answer(422, {"error": "PolarRequestValidationError", "detail": [problem]})


def calls_to(server):
    return [
        f"{request.method} {request.url.raw_path.decode().removeprefix('/base')}"
        for request in server.requests
    ]


def test_every_kind_that_can_be_listed_can_be_read():
    """But for links to checkouts: they are made and listed (`billing.selling`), not mirrored."""
    assert set(COLLECTIONS) == {*PARSERS, "checkout_links"}


def test_what_is_not_mirrored_is_not_listed_as_if_it_were(polar):
    with pytest.raises(NotSupported, match="checkout_links"):
        list(polar.list_objects("checkout_links"))


def test_a_call_names_token_version_and_ourselves(polar):
    with Server(answer(200, shapes.order())) as server:
        polar.get_order("ord-ada")
    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer polar_oat_own"
    assert headers["polar-version"] == "2026-10"
    assert headers["user-agent"].startswith("polar-django/")
    assert "polar-organization" not in headers


def test_a_token_of_several_organizations_names_one():
    several = PolarProvider(Settings(access_token="x", server="http://x", organization_id="org-1"))
    with Server(answer(200, shapes.order())) as server:
        several.get_order("ord-ada")
    assert server.requests[0].headers["polar-organization"] == "org-1"


@pytest.mark.parametrize(
    ("call", "shape", "sent"),
    [
        ("get_customer", shapes.customer, "GET /v1/customers/cus-ada"),
        ("get_product", shapes.product, "GET /v1/products/pro-pro"),
        ("get_benefit", shapes.benefit, "GET /v1/benefits/ben-pro"),
        ("get_order", shapes.order, "GET /v1/orders/ord-ada"),
        ("get_checkout", shapes.checkout, "GET /v1/checkouts/chk-ada"),
        ("get_subscription", shapes.subscription, "GET /v1/subscriptions/sub-ada"),
        ("revoke_subscription", shapes.subscription, "DELETE /v1/subscriptions/sub-ada"),
    ],
)
def test_one_object_is_one_call(polar, call, shape, sent):
    with Server(answer(200, shape())) as server:
        found = getattr(polar, call)(shape()["id"])
    assert calls_to(server) == [sent]
    assert (found.first.id, found.first.raw, found.provider) == (shape()["id"], shape(), "polar")
    assert found.answered_at == datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_a_cancellation_may_give_a_reason(polar):
    with Server(answer(200, shapes.subscription(cancel_at_period_end=True))) as server:
        polar.cancel_subscription("sub-ada")
        polar.cancel_subscription("sub-ada", reason="unused", comment="Later")
        polar.uncancel_subscription("sub-ada")
    assert set(calls_to(server)) == {"PATCH /v1/subscriptions/sub-ada"}
    assert server.bodies == [
        {"cancel_at_period_end": True},
        {
            "cancel_at_period_end": True,
            "customer_cancellation_reason": "unused",
            "customer_cancellation_comment": "Later",
        },
        {"cancel_at_period_end": False},
    ]


def test_a_checkout_is_for_products_and_a_customer_and_sends_only_what_is_set(polar):
    with Server(answer(201, shapes.checkout(status="open"))) as server:
        made = polar.create_checkout(
            CheckoutRequest(
                product_ids=("pro-a", "pro-b"),
                customer_id="cus-ada",
                success_url="http://shop.example/return/?checkout_id={CHECKOUT_ID}",
                seats=3,
                metadata={"plan": "team"},
            )
        )
    assert (made.first.id, made.first.url) == ("chk-ada", shapes.checkout()["url"])
    assert calls_to(server) == ["POST /v1/checkouts/"]
    assert server.bodies == [
        {
            "products": ["pro-a", "pro-b"],
            "customer_id": "cus-ada",
            "success_url": "http://shop.example/return/?checkout_id={CHECKOUT_ID}",
            "seats": 3,
            "metadata": {"plan": "team"},
        }
    ]


class TestCustomers:
    def test_one_is_found_by_its_external_id(self, polar):
        with Server(answer(200, shapes.customer())) as server:
            assert polar.find_customer("team 7").first.id == "cus-ada"
        assert calls_to(server) == ["GET /v1/customers/external/team%207"]

    def test_none_is_found_where_there_is_none(self, polar):
        with Server(answer(404, NOT_FOUND)):
            assert polar.find_customer("8") is None

    def test_an_unknown_api_version_is_not_taken_for_an_unknown_customer(self, polar):
        with Server(answer(404, {"detail": "Not Found"})), pytest.raises(ObjectNotFound):
            polar.find_customer("8")

    def test_an_external_id_that_no_address_can_hold_is_searched_for(self, polar):
        near = shapes.customer(id="cus-near", external_id="team/77")
        meant = shapes.customer(id="cus-meant", external_id="team/7")
        with Server(page([near], 2), page([meant], 2)) as server:
            assert polar.find_customer("team/7").first.id == "cus-meant"
        assert all("external" not in call for call in calls_to(server))

    def test_an_address_is_compared_in_any_case_and_as_a_whole(self, polar):
        near = shapes.customer(id="cus-near", email="xada@example.com")
        meant = shapes.customer(id="cus-meant", email="Ada@Example.com")
        with Server(page([near, meant])):
            assert polar.find_customer_by_email("aDA@example.com").first.id == "cus-meant"
        with Server(page([near])):
            assert polar.find_customer_by_email("ada@example.com") is None

    def test_nothing_is_asked_for_an_empty_id_or_address(self, polar):
        with Server(answer(500)) as server:
            assert polar.find_customer("") is None
            assert polar.find_customer_by_email("") is None
        assert server.requests == []

    def test_a_new_one_has_our_id(self, polar):
        with Server(answer(201, shapes.customer())) as server:
            made = polar.create_customer(external_id="7", email="ada@example.com", name="")
        assert made.first.external_id == "7"
        assert server.bodies == [{"external_id": "7", "email": "ada@example.com", "name": None}]

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ("email", "A customer with this email address already exists."),
            ("external_id", "A customer with this external ID already exists."),
        ],
    )
    def test_a_value_that_another_customer_has_is_a_conflict(self, polar, place, message):
        with Server(refused(place, message)), pytest.raises(CustomerConflict):
            polar.create_customer(external_id="7", email="ada@example.com", name="Ada")

    def test_a_value_that_is_merely_wrong_is_not_a_conflict(self, polar):
        with Server(refused("email", "not a valid email address")), pytest.raises(InvalidRequest):
            polar.create_customer(external_id="7", email="nobody", name="Ada")

    def test_an_external_id_is_given_once(self, polar):
        with Server(answer(200, shapes.customer(external_id="9"))) as server:
            assert polar.set_external_id("cus-ada", "9").first.external_id == "9"
        assert (calls_to(server), server.bodies) == (
            ["PATCH /v1/customers/cus-ada"],
            [{"external_id": "9"}],
        )
        taken = refused("external_id", "Customer external ID cannot be updated.")
        with Server(taken), pytest.raises(CustomerConflict):
            polar.set_external_id("cus-ada", "10")

    def test_a_state_is_read_by_id(self, polar):
        with Server(answer(200, shapes.customer_state())) as server:
            found = polar.customer_state("cus-ada")
        assert calls_to(server) == ["GET /v1/customers/cus-ada/state"]
        assert found.state.grants[0].id == "gra-ada"
        assert found.answered_at == datetime(2026, 11, 21, 8, tzinfo=UTC)

    def test_a_portal_is_an_address_that_is_not_shown(self, polar):
        url = "http://polar.example/portal?customer_session_token=polar_cst_own"
        data = {"id": "ses", "customer_portal_url": url, "expires_at": shapes.CHANGED}
        with Server(answer(201, data)) as server:
            session = polar.create_portal_session("cus-ada", return_url="http://shop.example/")
        assert (session.url, session.expires_at) == (url, CHANGED_AT)
        assert "polar_cst_own" not in repr(session)
        assert server.bodies == [{"customer_id": "cus-ada", "return_url": "http://shop.example/"}]

    def test_a_portal_that_is_no_web_address_is_refused(self, polar):
        broken = answer(201, {"customer_portal_url": "javascript:alert(1)"})
        with Server(broken), pytest.raises(ProviderUnavailable):
            polar.create_portal_session("cus-ada")


class TestLists:
    def test_all_pages_are_walked_oldest_first(self, polar):
        first = page([shapes.order(id="ord-1"), shapes.order(id="ord-2")], 2)
        with Server(first, page([shapes.order(id="ord-3")], 2)) as server:
            pages = list(polar.list_objects("orders", customer_id="cus-ada"))
        ids = [[item.snapshot.id for item in one.observations] for one in pages]
        assert ids == [["ord-1", "ord-2"], ["ord-3"]]
        assert calls_to(server) == [
            f"GET /v1/orders/?sorting=created_at&customer_id=cus-ada&page={number}&limit=100"
            for number in (1, 2)
        ]

    def test_nothing_is_read_before_it_is_asked_for(self, polar):
        with Server(page([shapes.order()], 9)) as server:
            polar.list_objects("orders")
            assert server.requests == []
            next(polar.list_objects("orders"))
        assert len(server.requests) == 1

    def test_grants_of_a_customer_have_a_call_of_their_own(self, polar):
        with Server(page([shapes.benefit_grant()])) as server:
            [found] = polar.list_benefit_grants("cus-ada")
        assert found.first.benefit_id == "ben-pro"
        (call,) = calls_to(server)
        assert call.startswith("GET /v1/benefit-grants/?")
        assert "&customer_id=cus-ada&" in call

    def test_seats_are_one_list_without_pages(self, polar):
        seats = answer(200, {"seats": [shapes.seat()], "available_seats": 4, "total_seats": 5})
        with Server(seats) as server:
            [found] = polar.list_objects("customer_seats", subscription_id="sub-ada")
        assert found.first.id == "sea-1"
        assert calls_to(server) == ["GET /v1/customer-seats?subscription_id=sub-ada"]

    def test_an_empty_list_is_one_page_that_says_when(self, polar):
        with Server(page([], 0)) as server:
            (found,) = polar.list_objects("refunds")
        assert (found.observations, found.total) == ((), 0)
        assert found.answered_at
        assert len(server.requests) == 1
        with Server(page([], 0)):
            assert list(polar.list_objects("refunds", start_page=2)) == []

    def test_a_kind_that_polar_does_not_list_is_not_supported(self, polar):
        with pytest.raises(NotSupported, match="wallets"):
            list(polar.list_objects("wallets"))

    def test_a_list_without_a_number_of_pages_ends_at_an_empty_page(self, polar):
        with Server(answer(200, {"items": [shapes.order()]}), answer(200, {"items": []})):
            assert len(list(polar.list_objects("orders"))) == 1

    def test_a_server_that_repeats_its_page_is_not_walked_for_ever(self, polar):
        with Server(page([shapes.order()], 50)), pytest.raises(ProviderUnavailable):
            list(polar.list_objects("orders"))

    @pytest.mark.parametrize("item", [{}, {"id": None}, None, 7, []])
    def test_an_item_that_cannot_be_read_is_not_left_out(self, polar, item):
        with Server(page([shapes.order(), item])), pytest.raises(ProviderUnavailable):
            list(polar.list_objects("orders"))

    @pytest.mark.parametrize("data", [[], {"items": None}, {}, 7])
    def test_what_is_no_list_is_an_answer_that_cannot_be_used(self, polar, data):
        with Server(answer(200, data)), pytest.raises(ProviderUnavailable):
            list(polar.list_objects("orders"))


@pytest.mark.parametrize("data", [[], {"name": "no id"}, 7, None])
def test_an_answer_without_an_object_is_one_that_cannot_be_used(polar, data):
    with Server(answer(200, content=b"null" if data is None else None, data=data)):
        for call in (polar.get_order, polar.customer_state, polar.create_portal_session):
            with pytest.raises(ProviderUnavailable):
                call("x")


def test_an_answer_without_a_date_is_as_old_as_its_newest_change(polar, caplog):
    with Server(answer(200, shapes.order(), headers={"Date": ""})):
        assert polar.get_order("ord-ada").answered_at == CHANGED_AT
    assert "no Date header" in caplog.text
    with Server(answer(200, {"id": "bare"}, headers={"Date": ""})):
        assert polar.get_order("bare").answered_at == datetime(1970, 1, 1, tzinfo=UTC)


class TestSettings:
    def test_the_servers_of_polar_have_names(self):
        assert base_url("production") == "https://api.polar.sh"
        assert base_url("sandbox") == "https://sandbox-api.polar.sh"
        assert base_url("http://127.0.0.1:8000/sandbox/") == "http://127.0.0.1:8000/sandbox"

    @pytest.mark.parametrize(
        ("server", "hint"), [("prodution", "'production'"), ("https://api.polar.sh/v1", "/v1")]
    )
    def test_a_server_that_is_none_says_what_to_write(self, server, hint):
        with pytest.raises(ConfigurationError, match=hint):
            base_url(server)

    def test_reading_deliveries_needs_no_token_and_calls_do(self):
        bare = PolarProvider(Settings())
        body = shapes.delivered("order.paid", shapes.order())
        assert bare.parse_event(body).observations[0].snapshot.id == "ord-ada"
        with pytest.raises(ConfigurationError, match="POLAR_ACCESS_TOKEN"):
            bare.get_order("x")
