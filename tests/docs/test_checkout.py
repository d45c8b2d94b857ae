"""docs/checkout.md: its calls are made, against the sandbox; its tables are the code's."""

import ast
import dataclasses
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from polar_django.billing import create_checkout_session
from polar_django.conf import Plan, get_settings
from polar_django.conf.prices import _KINDS
from polar_django.models import Customer
from tests.billing.shelf import stock
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "checkout.md"
TEXT = PAGE.read_text("utf-8")


def names_of(file: str) -> dict[str, Any]:
    """What the page's block of that file defines, once it has run."""
    names: dict[str, Any] = {}
    for block in blocks(PAGE):
        if block.file == file:
            exec(compile(block.text, file, "exec"), names)
    assert names, file
    return names


@pytest.fixture
def shop(sandbox: Any, settings: Any) -> Any:
    """The settings of the page, on a sandbox that sells what they name."""
    stock(sandbox)
    own = names_of("settings.py")["POLAR_DJANGO"]
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **own}
    return sandbox


def there(shop: Any, session: Any) -> dict[str, Any]:
    return dict(shop.api.get(f"/v1/checkouts/{session.pk}").json())


def test_every_option_of_a_plan_is_described_once_and_nothing_else():
    section = TEXT.partition("| option |")[2].partition("\n\n")[0]
    described = re.findall(r"^\| (.+?) \|", section, re.M)
    named = [name for cell in described for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(
        field.name for field in dataclasses.fields(Plan) if field.name != "key"
    )


def test_the_link_of_the_page_fills_the_code_in_and_leads_back(shop, rf):
    [block] = [each for each in blocks(PAGE) if "checkout_url" in each.text]
    request = rf.get("/pricing/", {"next": "/report/"})
    shown = Template(block.text).render(Context({"request": request}))
    [address] = re.findall(r'<a href="([^"]+)"', shown)
    query = parse_qs(urlsplit(unescape(address)).query)
    assert query == {"discount": ["SPRING20"], "next": ["/report/"]}


def test_every_kind_of_price_is_described():
    section = TEXT.partition("| `amount_type` |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.M)) == sorted(_KINDS)


def test_every_code_of_a_refusal_is_described():
    raised = {
        code
        for path in (ROOT / "polar_django" / "billing").glob("*.py")
        for code in refusals_in(path)
    }
    section = TEXT.partition("| `code` of InvalidRequest |")[2]
    described = set(re.findall(r"^\| `(\w+)` \|", section, re.M))
    assert described <= raised
    assert {"discount_refused", "guests_not_served", "amount_out_of_bounds"} <= described


def refusals_in(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    texts = (node.value for node in calls if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"\w+_\w+", text)}


@pytest.mark.parametrize("key", ["ebook", "pro", "team", "donation", "early", "campaign"])
def test_every_plan_of_the_page_can_be_bought(shop, ada, key):
    session = create_checkout_session(ada, key, success_url="http://testserver/")
    assert session.status == "open"
    if key == "early":
        assert there(shop, session)["total_amount"] == 5_520


def test_the_computed_plan_looks_at_the_request(shop, ada):
    for month, amount in (("12", 5_900), ("11", 7_900)):
        request = RequestFactory().get("/", {"month": month}, SERVER_NAME="testserver")
        session = create_checkout_session(ada, "campaign", request=request)
        assert session.total_amount == amount


def test_the_computed_prices_look_at_the_subscriber(shop, ada, settings):
    plan = {"products": ["pro-monthly"], "prices": names_of("pricing.py")["for_schools"]}
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": {"school": plan}}
    assert get_settings().plan("school").products == ("pro-monthly",)
    for email, amount in (("ada@college.edu", 300), ("ada@example.com", 1_000)):
        ada.email = email
        session = create_checkout_session(ada, "school", success_url="http://testserver/")
        assert session.total_amount == amount


def test_the_calls_of_the_page_do_what_they_say(shop, ada):
    calls = names_of("buying.py")
    assert there(shop, calls["one_product"](ada))["product"]["name"] == "Ebook"
    assert len(there(shop, calls["several_products"](ada))["products"]) == 2

    priced = there(shop, calls["a_price_of_its_own"](ada))
    assert priced["total_amount"] == 500
    assert {price["source"] for prices in priced["prices"].values() for price in prices} == {
        "ad_hoc"
    }
    assert there(shop, calls["units"](ada))["seats"] == 7
    assert there(shop, calls["with_a_code"](ada))["discount"]["code"] == "SPRING20"

    filled = there(shop, calls["prefilled"](ada))
    assert filled["customer_name"] == "Ada Lovelace"
    assert Customer.objects.get().external_id == str(ada.pk)


def test_a_payment_is_tracked_through_order_and_webhooks(shop, ada):
    calls = names_of("buying.py")
    session = calls["tracked"](ada)
    assert session.success_url == f"https://shop.example/thanks?checkout={session.pk}"
    shop.pay(session.url)
    shop.deliver()
    order = calls["what_became_of"]("req-2026-0001")
    assert (order.subscriber, order.paid, order.checkout_id) == (ada, True, session.pk)
    assert order.metadata["basket"] == 41
    told = {
        each["type"]
        for each in shop.deliveries(limit=100)
        if '"request_id":"req-2026-0001"' in each["body"]
    }
    assert {"checkout.created", "checkout.updated", "order.created", "order.paid"} <= told


def test_sessions_are_listed_with_every_field(shop, ada, grace):
    calls = names_of("buying.py")
    assert calls["everything_about_their_sessions"](ada) == []
    made = {calls["one_product"](ada).pk, calls["units"](ada).pk}
    calls["one_product"](grace)
    listed = calls["everything_about_their_sessions"](ada)
    assert {raw["id"] for raw in listed} == made
    assert listed[0] == there_by_id(shop, listed[0]["id"])


def there_by_id(shop: Any, key: str) -> dict[str, Any]:
    return dict(shop.api.get(f"/v1/checkouts/{key}").json())
