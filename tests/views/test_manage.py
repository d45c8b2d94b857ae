"""`manage/`: the subscriber's own subscriptions and bills, against the sandbox."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from polar_django.billing import ensure_customer
from polar_django.exceptions import ActionRefused, NotSupported, ProviderUnavailable
from polar_django.models import Order, Subscription
from polar_django.providers.registry import get_provider
from polar_django.views.situations import day_text
from tests.sandbox_fixtures import DECLINES, FAILS_LATER, PAYS

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db, django_user_model):
    return django_user_model.objects.create_user("ada", "ada@example.com", "password")


@pytest.fixture
def buy(ada, sandbox):
    """Ada buys a product; her subscription."""

    def buy(key="pro-monthly", card=PAYS, **body):
        sandbox.buy(key, customer_id=ensure_customer(ada).pk, card=card, **body)
        sandbox.deliver()
        return Subscription.objects.order_by("-started_at").first()

    return buy


@pytest.fixture
def page(client, ada):
    """Ada's browser: `page()` is the page of billing, `page.post("cancel", row)` a form of it."""
    client.force_login(ada)

    class Browser:
        def __call__(self, name="manage", *args, status=200, **query):
            answer = client.get(reverse(f"polar:{name}", args=args), query)
            assert answer.status_code == status
            return answer

        def post(self, name, row, status=303, **data):
            answer = client.post(reverse(f"polar:{name}", args=[row.pk]), data)
            assert answer.status_code == status, answer.content.decode()
            if status == 303:
                assert answer["Location"] == reverse("polar:manage")
            row.refresh_from_db()
            return answer

    return Browser()


def words(answer):
    """The page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def at_polar(sandbox, row):
    return sandbox.api.get(f"/v1/subscriptions/{row.pk}").json()


def test_somebody_with_nothing_is_told_so(page, sandbox):
    shown = page()
    assert "You have no subscription. See the plans" in words(shown)
    assert b'href="/pricing/"' in shown.content


def test_a_subscription_stands_there_with_its_price_its_state_and_its_bills(page, buy):
    row = buy()
    text = words(page())
    assert "Pro, monthly $10.00 a month It renews on" in text
    assert "Change plan" in text
    assert re.search(r"Bills .* Pro, monthly \$10\.00 Paid Invoice", text)
    assert str(row.current_period_end.year) in text


def test_the_page_costs_the_same_few_queries(page, buy, django_assert_num_queries):
    buy()
    page()
    with django_assert_num_queries(7):  # session, user, subscriptions, orders, and three of plans
        page()


def test_canceling_asks_why_and_tells_polar(page, buy, sandbox):
    row = buy()
    assert "You keep what you have paid for until" in words(page("cancel", row.pk))
    answer = page.post("cancel", row, reason="too_expensive", comment="Sorry")
    assert said(answer) == ["It is canceled."]
    assert (row.cancel_at_period_end, row.customer_cancellation_comment) == (True, "Sorry")
    assert at_polar(sandbox, row)["customer_cancellation_reason"] == "too_expensive"
    text = words(page())
    assert "Canceled. You have it until" in text
    assert "Change plan" not in text
    page.post("uncancel", row)
    assert not at_polar(sandbox, row)["cancel_at_period_end"]
    assert "It renews on" in words(page())


def test_reasons_may_be_left_out_and_are_not_made_up(page, buy):
    row = buy()
    answer = page.post("cancel", row, status=400, reason="boring")
    assert "Select a valid choice" in words(answer)
    assert not row.cancel_at_period_end
    page.post("cancel", row)
    assert row.cancel_at_period_end


def test_a_plan_is_chosen_its_cost_is_shown_and_it_is_changed(page, buy, sandbox):
    row = buy()
    text = words(page("change", row.pk))
    assert "Pro, yearly $100.00 a year" in text
    assert "Ebook" not in text  # bought once
    assert "Team" not in text  # has seats
    text = words(page("change", row.pk, to="pro-yearly"))
    assert "To: Pro, yearly" in text
    assert re.search(r"What the change costs: \$90\.00 .* -\$10\.00 .* \$100\.00", text)
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-monthly"]
    answer = page.post("change", row, to="pro-yearly")
    assert said(answer) == ["It is changed."]
    assert row.product_id == sandbox.product_ids["pro-yearly"]
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-yearly"]


def test_a_change_that_waits_is_shown_and_can_be_dropped(page, buy, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": "next_period"}
    row = buy()
    text = words(page("change", row.pk, to="pro-yearly"))
    assert "Nothing is charged now. The change is made on" in text
    page.post("change", row, to="pro-yearly")
    assert "It changes to Pro, yearly on" in words(page())
    assert at_polar(sandbox, row)["pending_update"] is not None
    page.post("keep", row)
    assert at_polar(sandbox, row)["pending_update"] is None
    assert "It changes to" not in words(page())


def test_a_refused_card_is_told_and_changes_nothing(page, buy, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": "invoice"}
    row = buy(card=FAILS_LATER)
    answer = page.post("change", row, status=402, to="pro-yearly")
    text = words(answer)
    assert "The payment was refused, and nothing was changed." in text
    assert "Check payment method" in text
    assert row.product_id == sandbox.product_ids["pro-monthly"]


@pytest.mark.parametrize(
    "error",
    [NotSupported("No such route."), ProviderUnavailable("Too late."), ActionRefused("Not now.")],
)
def test_a_plan_can_be_changed_although_its_cost_cannot_be_told(page, buy, monkeypatch, error):
    row = buy()

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(type(get_provider()), "preview_change", refuse)
    text = words(page("change", row.pk, to="pro-yearly"))
    assert "The bill shows the exact amount." in text
    page.post("change", row, to="pro-yearly")
    assert row.product.key == "pro-yearly"


def test_a_product_that_is_not_offered_cannot_be_had(page, buy, sandbox):
    row = buy()
    for name in ("ebook", "team", "pro-monthly", sandbox.product_ids["ebook"], "nothing", "\x00"):
        page("change", row.pk, to=name, status=404)
        if name != "pro-monthly":
            page.post("change", row, status=404, to=name)
    assert row.product_id == sandbox.product_ids["pro-monthly"]


def test_a_second_click_on_a_change_ends_where_the_first_did(page, buy, monkeypatch):
    row = buy()
    page.post("change", row, to="pro-yearly")
    monkeypatch.setattr(type(get_provider()), "change_product", None)
    page.post("change", row, to="pro-yearly")
    assert row.product.key == "pro-yearly"


def test_a_team_changes_its_number_of_seats_within_bounds(page, buy, sandbox):
    row = buy("team", seats=5)
    text = words(page())
    assert "5 seats, $75.00 a month" in text
    assert "Change plan" not in text  # nothing else is sold with seats
    assert 'min="2" max="50" value="5"' in page("change-seats", row.pk).content.decode()
    assert "To: 7 seats" in words(page("change-seats", row.pk, to="7"))
    page.post("change-seats", row, to="7")
    assert (row.seats, at_polar(sandbox, row)["seats"]) == (7, 7)
    for number in ("1", "51", "-3", "many", "9" * 30):
        answer = page.post("change-seats", row, status=400, to=number)
        assert "Choose 2 to 50 seats." in words(answer), number
    assert row.seats == 7


def test_who_has_no_seats_has_no_page_of_seats(page, buy):
    page("change-seats", buy().pk, status=404)


def test_a_pause_is_planned_taken_back_and_ended(page, buy, sandbox):
    row = buy()
    assert "From then on nothing is charged" in words(page("pause", row.pk))
    page.post("pause", row, status=400, until="2020-01-01")
    answer = page.post(
        "pause", row, status=400, until=timezone.localdate(row.current_period_end).isoformat()
    )
    assert f"Choose a day after {day_text(row.current_period_end)}." in words(answer)
    page.post("pause", row)
    assert at_polar(sandbox, row)["pause_at_period_end"]
    assert "It pauses on" in words(page())
    page.post("resume", row)
    assert not at_polar(sandbox, row)["pause_at_period_end"]
    day = timezone.localdate() + timedelta(days=90)
    page.post("pause", row, until=day.isoformat())
    sandbox.advance(days=40)
    row.refresh_from_db()
    assert row.status == "paused"
    assert "Paused. It goes on on" in words(page())
    page.post("resume", row)
    assert row.is_active


@pytest.fixture
def paused(page, buy, sandbox):
    """Ada's subscription, whose pause has begun."""
    row = buy()
    day = timezone.localdate() + timedelta(days=90)
    page.post("pause", row, until=day.isoformat())
    sandbox.advance(days=40)
    row.refresh_from_db()
    assert row.status == "paused"
    return row


def test_what_is_paused_is_not_bought_a_second_time(page, paused, client, sandbox):
    answer = client.post(reverse("polar:checkout", args=["pro"]))
    assert answer["Location"] == "/billing/manage/?plan=pro"
    text = words(page(plan="pro"))
    assert "it is paused: let it go on, or end it." in text
    assert "Go on now" in text
    assert "End it now" in text


def test_what_is_paused_can_be_ended_and_then_bought_anew(page, paused, client, sandbox):
    assert "It ends at once and does not go on" in words(page("end", paused.pk))
    answer = page.post("end", paused)
    assert said(answer) == ["It has ended."]
    assert paused.has_ended
    assert at_polar(sandbox, paused)["status"] == "canceled"
    assert "checkout" in client.post(reverse("polar:checkout", args=["pro"]))["Location"]
    page.post("end", paused)  # the second of two clicks


def test_what_is_paid_for_is_not_ended_at_once(page, buy, sandbox):
    row = buy()
    assert "End it now" not in words(page())
    page("end", row.pk, status=409)
    answer = page.post("end", row, status=409)
    assert "It is not paused" in words(answer)
    assert at_polar(sandbox, row)["status"] == "active"


def test_an_ended_subscription_is_told_of_and_has_no_buttons(page, buy, sandbox):
    row = buy()
    sandbox.api.delete(f"/v1/subscriptions/{row.pk}")
    sandbox.deliver()
    text = words(page())
    assert "Ended on" in text
    assert "Cancel" not in text
    answer = page.post("uncancel", row, status=409)
    assert "This is not possible now." in words(answer) or "It has ended" in words(answer)


def test_a_failed_renewal_leads_to_the_payment_method(page, buy, sandbox):
    buy(card=FAILS_LATER)
    sandbox.advance(days=32)
    text = words(page())
    assert "The last payment failed." in text
    assert "Check payment method" in text


def test_a_trial_says_when_the_first_payment_is(page, ada, sandbox):
    product = sandbox.product_ids["pro-monthly"]
    sandbox.api.patch(
        f"/v1/products/{product}", json={"trial_interval": "day", "trial_interval_count": 14}
    )
    sandbox.buy("pro-monthly", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    assert "The first payment is then." in words(page())


def test_an_invoice_is_made_and_opened(page, buy, client, sandbox):
    buy(customer_billing_name="Ada Lovelace")
    order = Order.objects.get()
    answer = client.post(reverse("polar:invoice", args=[order.pk]))
    assert answer.status_code == 303
    assert answer["Location"].startswith("http://testserver/sandbox/")
    assert order.pk in answer["Location"]


def test_a_provider_that_is_away_is_not_said_to_have_done_nothing(page, buy, sandbox, monkeypatch):
    row = buy()

    def away(*_, **__):
        raise ProviderUnavailable("PATCH did not answer in time.")

    for name in ("cancel_subscription", "get_subscription"):
        monkeypatch.setattr(type(get_provider()), name, away)
    answer = page.post("cancel", row, status=503)
    text = words(answer)
    assert "Look in a minute whether it has happened" in text
    assert "Nothing was charged" not in text


def test_who_came_to_buy_another_plan_is_led_to_the_change(page, buy):
    row = buy("pro-monthly")
    answer = page(plan="pro", status=303)
    assert answer["Location"] == f"/billing/manage/{row.pk}/change/?plan=pro"
    text = page("change", row.pk, plan="pro").content.decode()
    assert re.search(r'value="pro-yearly" checked', text)
    assert "It renews on" in words(page(plan="team"))  # no change leads there
    assert "It renews on" in words(page(plan="unknown"))


def test_a_declined_card_buys_nothing_to_manage(page, ada, sandbox):
    with pytest.raises(Exception, match="4"):
        sandbox.buy("pro-monthly", card=DECLINES, customer_id=ensure_customer(ada).pk)
    assert "You have no subscription." in words(page())
