from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, checkout_links, discounts
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import Checkout, CheckoutLink
from tests.sandbox.conftest import BASE_URL, Ears, Shop


@pytest.fixture
def link(shop: Shop) -> CheckoutLink:
    return checkout_links.create_checkout_link(
        {
            "products": [shop.pro.id, shop.gift.id],
            "metadata": {"utm_source": "link"},
            "success_url": "https://shop.example/done?checkout_id={CHECKOUT_ID}",
        },
        base_url=BASE_URL,
    )


def follow(link: CheckoutLink, **query: str) -> Checkout:
    return checkout_links.follow_checkout_link(link.client_secret, query, base_url=BASE_URL)


def test_every_visit_opens_a_session_of_its_own(link: CheckoutLink, ears: Ears) -> None:
    ears.events()

    first, second = follow(link), follow(link)

    assert first.id != second.id
    assert ears.types() == ["checkout.created", "checkout.created"]
    assert first.success_url.endswith("{CHECKOUT_ID}")


def test_the_address_fills_the_page_in(link: CheckoutLink, shop: Shop) -> None:
    checkout = follow(
        link,
        product_id=str(shop.gift.id),
        amount="2500",
        customer_email="ada@example.com",
        customer_name="Ada",
        reference_id="r-1",
        utm_source="mail",
    )

    assert (checkout.product, checkout.amount) == (shop.gift, 2_500)
    assert (checkout.customer_email, checkout.customer_name) == ("ada@example.com", "Ada")
    # What the seller wrote on the link stays.
    assert checkout.metadata == {"reference_id": "r-1", "utm_source": "link"}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"product_id": str(uuid4())},
        {"amount": "much"},
        {"amount": "1"},
        {"amount": "9" * 5_000},
        {"discount_code": "NOPE"},
        {"customer_email": "nobody"},
    ],
)
def test_nonsense_in_the_address_is_left_out(
    link: CheckoutLink, shop: Shop, nonsense: dict[str, str]
) -> None:
    checkout = follow(link, **nonsense)

    checkout.refresh_from_db()
    assert (checkout.product, checkout.amount) == (shop.pro, 1_000)
    assert checkout.customer_email is None


def test_an_amount_beyond_every_price_is_left_out(link: CheckoutLink, shop: Shop) -> None:
    checkout = follow(link, product_id=str(shop.gift.id), amount=str(10**30))

    assert (checkout.product, checkout.amount) == (shop.gift, 500)


def test_a_discount_that_is_over_does_not_close_the_link(link: CheckoutLink) -> None:
    discount = discounts.create_discount(
        {
            "name": "Half",
            "type": "percentage",
            "duration": "once",
            "basis_points": 5_000,
            "max_redemptions": 1,
        }
    )
    checkout_links.update_checkout_link(link, {"discount_id": discount.id})
    assert follow(link).discount == discount
    discounts.delete_discount(discount)

    link.refresh_from_db()
    assert follow(link).discount is None


def test_a_link_sells_what_is_still_sold(link: CheckoutLink, shop: Shop) -> None:
    catalog.update_product(shop.pro, {"is_archived": True})
    assert follow(link).product == shop.gift
    catalog.update_product(shop.gift, {"is_archived": True})

    with pytest.raises(errors.ResourceNotFound):
        follow(link)


def test_a_deleted_link_leads_nowhere(link: CheckoutLink) -> None:
    checkout_links.delete_checkout_link(link)

    with pytest.raises(errors.ResourceNotFound):
        follow(link)


def test_a_link_is_for_products_that_exist(shop: Shop) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        checkout_links.create_checkout_link({"products": [shop.pro.id, uuid4()]})
    assert refused.value.errors[0]["loc"] == ["body", "products", 1]


@pytest.mark.parametrize(
    ("listed", "origin", "is_allowed"),
    [
        ([], "https://shop.example", False),
        (["shop.example"], "https://shop.example", True),
        (["shop.example"], "https://SHOP.example", True),
        (["shop.example"], "http://shop.example", False),
        (["shop.example"], "https://shop.example:8000", False),
        (["shop.example"], "https://evil.example/shop.example", False),
        (["*.shop.example"], "https://www.shop.example", True),
        (["*.shop.example"], "https://shop.example", False),
        (["*.shop.example"], "https://evilshop.example", False),
        (["localhost:8000"], "http://localhost:8000", True),
        (["192.168.1.5"], "http://192.168.1.5", True),
        (["8.8.8.8"], "http://8.8.8.8", False),
        (["chrome-extension://abcdef"], "chrome-extension://abcdef", True),
        (["shop.example"], "https://[", False),
    ],
)
def test_a_link_is_framed_by_the_sites_that_the_organization_lists(
    link: CheckoutLink, listed: list[str], origin: str, is_allowed: bool
) -> None:
    update_organization({"embed_hosts": listed})

    if is_allowed:
        assert follow(link, embed_origin=origin).embed_origin == origin
    else:
        with pytest.raises(errors.EmbedHostNotAllowed):
            follow(link, embed_origin=origin)
        assert not Checkout.objects.exists()


def test_a_session_of_the_api_may_be_framed_by_any_site(shop: Shop) -> None:
    assert shop.open(shop.pro, embed_origin="https://shop.example").embed_origin is not None
