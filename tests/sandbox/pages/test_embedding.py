"""The pay page in a frame, through Django's own client; the frame's script has a browser test."""

from typing import Any

import pytest
from django.test import Client

from polar_django.sandbox.models import Checkout, Order
from tests.sandbox.conftest import DECLINES, PAYS, Shop

SHOP = "https://shop.example"
BUYER = {"customer_email": "ada@example.com", "country": "NL", "action": "pay"}


def framed(shop: Shop, **data: Any) -> Checkout:
    address = {"country": "NL"}
    return shop.open(shop.pro, embed_origin=SHOP, customer_billing_address=address, **data)


def address(checkout: Checkout, query: str = "?embed=true") -> str:
    return f"/sandbox/checkout/{checkout.client_secret}{query}"


def test_only_the_shop_may_frame_the_page(client: Client, shop: Shop) -> None:
    answer = client.get(address(framed(shop)))
    assert answer["Content-Security-Policy"] == f"frame-ancestors {SHOP}"
    assert "X-Frame-Options" not in answer
    assert f'data-origin="{SHOP}"' in answer.content.decode()


def test_outside_of_a_frame_nothing_is_allowed_or_told(client: Client, shop: Shop) -> None:
    answer = client.get(address(framed(shop), ""))
    assert answer["X-Frame-Options"] == "DENY"
    assert "data-frame" not in answer.content.decode()


def test_a_session_without_an_origin_says_why_nothing_is_heard(client: Client, shop: Shop) -> None:
    page = client.get(address(shop.open(shop.pro))).content.decode()
    assert 'data-origin=""' in page
    assert "embed_origin" in page


@pytest.mark.parametrize("origin", ["javascript:alert(1)", "shop.example", "", "https://["])
def test_what_is_no_web_address_is_told_nothing(client: Client, shop: Shop, origin: str) -> None:
    page = client.get(address(shop.open(shop.pro, embed_origin=origin))).content.decode()
    assert 'data-origin=""' in page


@pytest.mark.parametrize(("theme", "shown"), [("dark", True), ("light", True), ('"><b', False)])
def test_the_shop_chooses_the_theme(client: Client, shop: Shop, theme: str, shown: bool) -> None:
    checkout = framed(shop)
    page = client.get(address(checkout), {"embed": "true", "theme": theme}).content.decode()
    assert (f'data-theme="{theme}"' in page) == shown
    assert (f"embed=true&amp;theme={theme}" in page) == shown


def test_payment_in_a_frame_ends_in_the_frame_and_names_where_to_go(
    client: Client, shop: Shop
) -> None:
    checkout = framed(shop, success_url=f"{SHOP}/thanks?checkout_id={{CHECKOUT_ID}}")
    answer = client.post(address(checkout), {**BUYER, "card": PAYS})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == f"frame-ancestors {SHOP}"
    assert f'data-success-url="{SHOP}/thanks?checkout_id={checkout.id}' in page
    assert "customer_session_token=polar_cst_" in page
    assert 'data-redirect="true"' in page
    assert Order.objects.get().status == "paid"


def test_without_a_page_of_the_seller_s_own_the_buyer_stays(client: Client, shop: Shop) -> None:
    page = client.post(address(framed(shop)), {**BUYER, "card": PAYS}).content.decode()
    assert 'data-redirect="false"' in page
    assert "Thank you" in page


def test_a_declined_card_keeps_the_frame(client: Client, shop: Shop) -> None:
    answer = client.post(address(framed(shop)), {**BUYER, "card": DECLINES})
    page = answer.content.decode()
    assert "was declined" in page
    assert "data-success-url" not in page
    assert "X-Frame-Options" not in answer


def test_a_changed_choice_comes_back_into_the_frame(client: Client, shop: Shop) -> None:
    checkout = framed(shop)
    query = "?embed=true&theme=dark"
    answer = client.post(address(checkout, query), {**BUYER, "action": "update"})
    assert answer.status_code == 303
    assert answer["Location"] == address(checkout, query)


def test_the_shop_s_script_is_served(client: Client) -> None:
    answer = client.get("/sandbox/_assets/embed.js")
    assert b"EmbedCheckout" in b"".join(answer.streaming_content)
    assert "javascript" in answer["Content-Type"]
