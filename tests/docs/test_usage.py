"""docs/usage.md: its code runs, and its tables say what the code does."""

from types import SimpleNamespace

import pytest

from polar_django.models import UsageEvent
from polar_django.usage import MeterBalance
from polar_django.usage.contents import check_contents
from polar_django.usage.sending import MOST_EVENTS, send_usage
from tests.docs.blocks import ROOT, blocks
from tests.entitlements.worlds import again, grant
from tests.usage.conftest import make_meter

pytestmark = pytest.mark.django_db
PAGE = ROOT / "docs" / "usage.md"
TEXT = PAGE.read_text("utf-8")


def test_the_pages_view_counts_what_is_used_and_stops_who_has_nothing_left(rf, ada, sandbox):
    [block] = [each for each in blocks(PAGE) if each.file == "views.py"]
    names = {"ask_the_model": lambda number: SimpleNamespace(id=number, text="Yes.", tokens=40)}
    exec(compile(block.text, "views.py", "exec"), names)
    meter = make_meter(sandbox)

    def ask(number):
        request = rf.post("/", {"question": number})
        request.user = again(ada)
        return names["answer"](request).status_code

    assert ask(1) == 302
    grant(ada, "ai")
    assert ask(1) == 402
    sandbox.api.post(
        "/v1/customers/", json={"email": "ada@example.com", "external_id": str(ada.pk)}
    )
    sandbox.deliver()
    customer = ada.polar_customers.get()
    customer.meters.create(pk="1", meter=meter, balance=70, synced_at=customer.synced_at)
    assert [ask(1), ask(1), ask(2), ask(3)] == [200, 200, 200, 402]
    assert UsageEvent.objects.count() == 2
    assert send_usage().sent == 2


def test_what_the_page_says_of_a_balance_a_balance_has():
    section = TEXT.partition("## What is left")[2]
    for name in (*MeterBalance.__dataclass_fields__, "available"):
        assert name == "meter_id" or f"`{name}`" in section, name


def test_the_limits_of_the_page_are_the_codes():
    assert f"{MOST_EVENTS} events a call" in TEXT
    check_contents("x" * 128, {f"{n:040}": "x" * 500 for n in range(50)})
