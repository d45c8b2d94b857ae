"""docs/verbs.md: its tables name every verb and every code; its code runs against the sandbox."""

import re

import httpx
import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.cache import cache
from django.core.exceptions import PermissionDenied

from polar_django import billing, exceptions
from polar_django.billing import ensure_customer, reveal_license_key
from polar_django.models import Discount, LicenseKey, Order, Subscription
from polar_django.providers.transport import mounted
from polar_django.sandbox import errors
from polar_django.sandbox.seed import seed
from tests.billing.test_licenses import CATALOGUE
from tests.docs.blocks import ROOT, blocks
from tests.sandbox_fixtures import FAILS_LATER

PAGE = ROOT / "docs" / "verbs.md"
TEXT = PAGE.read_text("utf-8")


def names_of(file):
    [block] = [each for each in blocks(PAGE) if each.file == file]
    names = {}
    exec(compile(block.text, file, "exec"), names)
    return names


def first_cells(heading):
    section = TEXT.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", section, re.M)))


def test_every_verb_stands_in_one_table():
    listed = [
        name
        for cell in re.findall(r"^\| (`.*?) \| .* \| .* \|$", TEXT, re.M)
        for name in re.findall(r"`(\w+)`", cell)
    ]
    every = set(billing.__all__)
    verbs = {name for name in every if not (name[0] == "a" and name[1:] in every)}
    assert sorted(listed) == sorted(verbs)


def test_every_error_of_the_table_exists():
    listed = first_cells("error")
    assert len(listed) == 10
    assert set(listed) <= set(exceptions.__all__)


def test_every_code_of_the_table_is_the_sandboxs_or_ours():
    ours = {"RefundInProgress", "NothingToRefund"}
    polars = {"SubscriptionLocked"}  # transactions of the sandbox take turns
    listed = set(first_cells("`code` of ActionRefused"))
    assert ours | polars <= listed
    assert listed - ours - polars <= set(errors.__all__)


@pytest.fixture
def subscription(sandbox, ada):
    sandbox.buy("pro-monthly", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    return Subscription.objects.get()


def test_a_plan_is_changed_and_the_price_of_it_said(subscription):
    assert re.fullmatch(r"Changed for \d+ cents\.", names_of("plans.py")["upgrade"](subscription))
    assert Subscription.objects.get().product.key == "pro-yearly"


def test_a_card_that_does_not_pay_is_said(sandbox):
    sandbox.buy("pro-monthly", card=FAILS_LATER)
    sandbox.deliver()
    said = names_of("plans.py")["upgrade"](Subscription.objects.get())
    assert said == "The card was declined; nothing has changed."


def test_who_leaves_may_stay(subscription):
    plans = names_of("plans.py")
    end = subscription.current_period_end
    assert plans["leave"](subscription) == end
    assert plans["stay"](subscription) == end


def test_a_form_sent_twice_gives_nothing_twice(sandbox, subscription, rf, ada):
    cache.clear()
    refund = names_of("refunds.py")["refund"]
    request = rf.post("/", {"cents": "300", "form_id": "abc"})
    request.user = AnonymousUser()
    order = Order.objects.get()
    with pytest.raises(PermissionDenied):
        refund(request, order.pk)
    ada.user_permissions.add(Permission.objects.get(codename="refund_order"))
    request.user = ada
    assert b"300 of 1000" in refund(request, order.pk).content
    assert b"300 of 1000" in refund(request, order.pk).content


def test_a_program_runs_where_it_was_registered(bare_sandbox):
    bare_sandbox.product_ids = seed(CATALOGUE)["products"]
    bare_sandbox.buy("app")
    bare_sandbox.deliver()
    key = reveal_license_key(LicenseKey.objects.get())
    licenses = names_of("licenses.py")
    place = licenses["register"](key, "laptop")
    assert licenses["may_run"](key, "laptop", place)
    assert not licenses["may_run"](key, "phone", place)
    assert licenses["register"](key, "desktop")
    assert licenses["register"](key, "phone") is None


def test_a_campaigns_link_gives_its_discount(sandbox):
    url = names_of("campaign.py")["newsletter"]()
    assert sandbox.api.get(url).status_code in {302, 303, 307}
    [checkout] = sandbox.api.get("/v1/checkouts/").json()["items"]
    assert checkout["discount"]["id"] == Discount.objects.get().pk
    assert checkout["metadata"] == {"from": "newsletter"}


def test_the_raw_door_lists_and_renames(sandbox):
    names_of("campaign.py")["newsletter"]()
    figures = names_of("figures.py")
    assert figures["discounts_named"]("half") == ["Half a year"]
    assert figures["rename"](Discount.objects.get().pk, "Six months")["name"] == "Six months"


def test_the_raw_door_asks_for_figures():
    asked = []

    def answer(request):
        asked.append(request.url)
        return httpx.Response(200, json={"periods": []})

    with mounted(httpx.MockTransport(answer)):
        assert names_of("figures.py")["revenue"]("2026-01-01", "2026-12-31") == {"periods": []}
    assert (asked[0].path.endswith("/v1/metrics/"), asked[0].params["interval"]) == (True, "month")
