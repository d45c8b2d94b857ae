"""Each action does what it says, for those who may, after it was confirmed, and is logged."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import get_user_model
from django.urls import resolve
from django.utils import timezone

from polar_django.admin import work
from polar_django.billing import grant_benefit
from polar_django.exceptions import ProviderUnavailable
from polar_django.models import (
    BenefitGrant,
    Customer,
    Order,
    Subscription,
    Transition,
    WebhookDelivery,
)
from tests.admin.clicking import choose, confirm, logged, messages_of, page
from tests.admin.conftest import dead_usage

pytestmark = pytest.mark.django_db


def given(subscriber):
    grant_benefit(subscriber, "vip", reason="A friend")
    return BenefitGrant.objects.get(provider="local")


# For each action: the permission it wants, and a row to do it to, made of a customer.
ACTIONS = {
    "resync": ("resync_customer", lambda customer: customer),
    "link": ("link_customer", lambda customer: customer),
    "unlink": ("link_customer", lambda customer: customer),
    "portal": ("open_customer_portal", lambda customer: customer),
    "cancel": ("cancel_subscription", lambda customer: customer.subscriptions.get()),
    "uncancel": ("cancel_subscription", lambda customer: customer.subscriptions.get()),
    "revoke": ("revoke_subscription", lambda customer: customer.subscriptions.get()),
    "refund": ("refund_order", lambda customer: customer.orders.get()),
    "replay": ("replay_webhookdelivery", lambda customer: WebhookDelivery.objects.first()),
    "retell": ("replay_transition", lambda customer: Transition.objects.first()),
    "resend": ("change_usageevent", lambda customer: dead_usage(customer.subscriber)),
    "take back": ("revoke_given_benefit", lambda customer: given(customer.subscriber)),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_wants_its_permission_and_asks_first(name, staff, customer):
    permission, find = ACTIONS[name]
    row = find(customer)
    action = "revoke" if name == "take back" else name
    kind = row._meta.model_name
    address = page(type(row), "do_one", row.pk, action)
    before = list(type(row).objects.filter(pk=row.pk).values())

    everybody_else = {wanted for wanted, _ in ACTIONS.values()} - {permission}
    others = [staff(f"view_{kind}", *everybody_else)]
    # To Django, who may change a model may see it.
    others += [] if permission == f"change_{kind}" else [staff(permission)]
    for other in others:
        assert other.get(address).status_code == 403
        assert confirm(other, row, action).status_code == 403

    allowed = staff(f"view_{kind}", permission)
    asked = allowed.get(address)
    assert asked.status_code == 200
    assert str(row) in asked.content.decode() or row.pk in asked.content.decode()
    # Without the button's name it only asks, whatever the method.
    assert allowed.post(address).status_code == 200
    assert list(type(row).objects.filter(pk=row.pk).values()) == before
    assert logged() == []


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - {"portal", "refund"}))
def test_the_list_offers_an_action_to_those_who_may(name, staff, customer):
    permission, find = ACTIONS[name]
    row = find(customer)
    action = "revoke" if name == "take back" else name
    kind = row._meta.model_name
    option = f'<option value="{action}">'
    assert option not in staff(f"view_{kind}").get(page(type(row))).content.decode()
    allowed = staff(f"view_{kind}", permission)
    assert option in allowed.get(page(type(row))).content.decode()
    asked = choose(allowed, [row], action)
    assert asked.status_code == 200
    assert f'value="{row.pk}"' in asked.content.decode()
    assert logged() == []


def test_cancel_and_take_it_back(chief, customer):
    subscription = Subscription.objects.get()
    answer = confirm(
        chief, subscription, "cancel", reason="unused", comment="Too rarely", note="Ticket 7"
    )
    assert answer.url == page(Subscription, "change", subscription.pk)
    assert messages_of(answer) == ["1 subscription will not renew."]
    subscription.refresh_from_db()
    assert subscription.cancel_at_period_end
    assert subscription.customer_cancellation_reason == "unused"
    assert logged() == ["Cancel at period end. Note: Ticket 7"]

    confirm(chief, subscription, "uncancel")
    subscription.refresh_from_db()
    assert not subscription.cancel_at_period_end
    assert len(logged()) == 2


def test_end_now_ends_it_and_a_second_time_changes_nothing(chief, customer, sandbox):
    subscription = Subscription.objects.get()
    for _ in range(2):
        confirm(chief, subscription, "revoke")
        subscription.refresh_from_db()
        assert subscription.status == "canceled"
    sandbox.deliver()
    assert not BenefitGrant.objects.active().exists()


def test_what_the_provider_refuses_is_said_and_logged(chief, customer):
    subscription = Subscription.objects.get()
    confirm(chief, subscription, "revoke")
    answer = confirm(chief, subscription, "uncancel")
    (message,) = messages_of(answer)
    assert message.startswith("1 was refused:")
    assert "refused:" in logged()[-1]


def test_several_are_done_together_and_counted(chief, customer, sandbox):
    sandbox.buy("pro-yearly", customer_email="grace@example.com")
    sandbox.deliver()
    rows = list(Subscription.objects.all())
    assert len(rows) == 2
    asked = choose(chief, rows, "cancel")
    assert "Cancel these 2 subscriptions?" in asked.content.decode()
    chosen = {"_selected_action": [row.pk for row in rows], "confirmed": "yes"}
    answer = chief.post(page(Subscription, "do", "cancel"), chosen)
    assert messages_of(answer) == ["2 subscriptions will not renew."]
    assert Subscription.objects.filter(cancel_at_period_end=True).count() == 2
    assert LogEntry.objects.count() == 2


def test_too_many_at_once_are_not_begun(chief, customer):
    one = Customer.objects.get()
    rows = [
        Customer(id=f"cus_{number}", provider="polar", synced_at=one.synced_at)
        for number in range(6)
    ]
    Customer.objects.bulk_create(rows)
    assert messages_of(choose(chief, rows, "resync")) == ["At most 5 at once: choose fewer."]


def test_read_again_writes_what_differs(chief, customer):
    Customer.objects.filter(pk=customer.pk).update(name="Somebody else")
    answer = confirm(chief, customer, "resync")
    customer.refresh_from_db()
    assert customer.name != "Somebody else"
    assert messages_of(answer) == ["1 customer was read. 1 rows differed and were written."]
    assert messages_of(confirm(chief, customer, "resync")) == [
        "1 customer was read. Nothing differed."
    ]


def test_a_customer_is_linked_to_another_subscriber_and_what_it_holds_goes_along(
    chief, customer, grace
):
    refused = confirm(chief, customer, "link", subscriber=grace.pk)
    assert messages_of(refused)[0].startswith("1 was refused:")
    confirm(chief, customer, "link", subscriber="grace", replace="on")
    customer.refresh_from_db()
    assert customer.subscriber == grace
    assert Subscription.objects.get().subscriber == grace
    assert logged()[-1] == f"Link to a subscriber. Subscriber {grace.pk}."


def test_a_subscriber_who_is_not_there_is_an_error_of_the_form(chief, customer):
    answer = confirm(chief, customer, "link", subscriber="nobody")
    assert answer.status_code == 200
    assert "There is no such subscriber." in answer.content.decode()


def test_unlink_makes_a_customer_nobodys_unless_the_provider_says_otherwise(chief, customer):
    refused = confirm(chief, customer, "unlink")
    assert "external id" in messages_of(refused)[0]
    customer.refresh_from_db()
    assert customer.subscriber is not None

    Customer.objects.filter(pk=customer.pk).update(external_id=None)
    confirm(chief, customer, "unlink")
    customer.refresh_from_db()
    assert customer.subscriber is None
    assert Subscription.objects.get().subscriber is None


def test_the_portal_opens_as_the_customer_and_the_log_knows_who_opened_it(chief, customer, sandbox):
    answer = confirm(chief, customer, "portal", note="They cannot find their invoice")
    assert answer.status_code == 302
    assert "customer_session_token=" in answer.url
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    (entry,) = LogEntry.objects.all()
    assert entry.user.username == "chief"
    assert entry.object_id == customer.pk
    assert entry.get_change_message() == "Open their portal. Note: They cannot find their invoice"
    # Only a POST opens it: a link would be followed by whatever looks ahead.
    assert chief.get(page(Customer, "do_one", customer.pk, "portal")).status_code == 200


def test_a_benefit_is_given_by_hand_and_taken_back(chief, customer, ada):
    day = (timezone.now() + timedelta(days=10)).date()
    values = {
        "subscriber": ada.pk,
        "key": "vip",
        "until": f"{day}",
        "reason": "Sorry",
        "note": "T 9",
    }
    answer = chief.post(page(BenefitGrant, "do", "give"), {"confirmed": "yes", **values})
    grant = BenefitGrant.objects.get(provider="local")
    assert answer.url == page(BenefitGrant, "change", grant.pk)
    assert grant.is_live()
    assert grant.reason == "Sorry"
    assert grant.expires_at.date() == day + timedelta(days=1)
    entry = LogEntry.objects.get()
    assert entry.action_flag == ADDITION
    assert entry.object_id == grant.pk

    confirm(chief, grant, "revoke")
    grant.refresh_from_db()
    assert not grant.is_live()
    assert messages_of(confirm(chief, grant, "revoke"))[0].startswith("1 was refused:")


def test_giving_wants_its_permission_and_a_day_to_come(chief, staff, ada):
    address = page(BenefitGrant, "do", "give")
    values = {"confirmed": "yes", "subscriber": ada.pk, "key": "vip", "reason": "x"}
    assert staff("view_benefitgrant").post(address, values).status_code == 403
    assert address not in staff("view_benefitgrant").get(page(BenefitGrant)).content.decode()
    assert address in chief.get(page(BenefitGrant)).content.decode()
    late = chief.post(address, {**values, "until": "2020-01-01"})
    assert "That day is over." in late.content.decode()
    never = chief.post(address, {**values, "until": "9999-12-31"})
    assert "leave it empty for no end" in never.content.decode()
    assert not BenefitGrant.objects.exists()


def test_what_was_bought_is_not_taken_back_by_hand(chief, customer):
    bought = BenefitGrant.objects.active().first()
    assert messages_of(confirm(chief, bought, "revoke"))[0].startswith("1 was refused:")
    bought.refresh_from_db()
    assert bought.is_live()


def test_an_order_is_refunded_in_part_and_then_whole(chief, customer, sandbox):
    order = Order.objects.get()
    values = {"reason": "other", "request_key": "one"}
    confirm(chief, order, "refund", amount="2.50", **values)
    confirm(chief, order, "refund", amount="2.50", **values)  # the button pressed twice
    order.refresh_from_db()
    assert order.refunded_amount == 250
    too_much = confirm(chief, order, "refund", amount="8", reason="other", request_key="two")
    assert "more than is left" in too_much.content.decode()
    absurd = confirm(chief, order, "refund", amount="1e999999", reason="other", request_key="two")
    assert "errorlist" in absurd.content.decode()

    confirm(chief, order, "refund", reason="other", request_key="three", end_access="on")
    order.refresh_from_db()
    assert order.refundable_amount == 0
    assert Subscription.objects.get().status == "canceled"
    assert "what was bought to be taken away" in logged()[-1]


def test_a_refund_whose_subscription_could_not_be_ended_is_no_refusal(
    chief, customer, sandbox, monkeypatch
):
    """Told that it was refused, staff would give the money back a second time."""

    def away(subscription):
        raise ProviderUnavailable("No answer.")

    monkeypatch.setattr(work, "revoke_subscription", away)
    order = Order.objects.get()
    values = {"reason": "other", "request_key": "one", "amount": "2.50", "end_access": "on"}
    (message,) = messages_of(confirm(chief, order, "refund", **values))
    order.refresh_from_db()
    assert order.refunded_amount == 250
    refund = order.refunds.get()
    for told in (message, logged()[-1]):
        assert "refused" not in told
        assert f"Refund {refund.pk}: $2.50" in told
        assert "The subscription was not ended: No answer." in told


def test_who_may_not_end_subscriptions_does_not_end_them_by_a_refund(staff, customer):
    order = Order.objects.get()
    values = {"reason": "other", "request_key": "one", "end_access": "on"}
    confirm(staff("view_order", "refund_order"), order, "refund", **values)
    order.refresh_from_db()
    assert order.refunded_amount == order.net_amount
    assert Subscription.objects.get().status == "active"


def test_no_action_runs_inside_a_transaction_of_the_projects(customer):
    """Also where ATOMIC_REQUESTS is on: a provider is called, and may take its time."""
    for name, (_, find) in ACTIONS.items():
        row = find(customer)
        action = "revoke" if name == "take back" else name
        for address in (page(type(row), "do_one", row.pk, action), page(type(row), "do", action)):
            assert "default" in resolve(address).func._non_atomic_requests


@pytest.fixture
def confusing(ada, grace):
    """Somebody whose name is the key of another; the key."""
    get_user_model().objects.filter(pk=grace.pk).update(username=str(ada.pk))
    return str(ada.pk)


def test_what_is_the_key_of_one_and_the_name_of_another_is_asked_again(staff, confusing, grace):
    client = staff("view_benefitgrant", "give_benefit")
    values = {"confirmed": "yes", "key": "vip", "reason": "A friend"}
    give = page(BenefitGrant, "do", "give")
    said = client.post(give, {**values, "subscriber": confusing}).content.decode()
    assert f"pk={confusing} or name={confusing}" in said
    assert not BenefitGrant.objects.exists()
    client.post(give, {**values, "subscriber": f"name={confusing}"})
    assert BenefitGrant.objects.get().subscriber == grace


def test_what_is_chosen_from_suggestions_is_a_key(chief, confusing, ada):
    values = {"confirmed": "yes", "subscriber": confusing, "key": "vip", "reason": "A friend"}
    chief.post(page(BenefitGrant, "do", "give"), values)
    assert BenefitGrant.objects.get().subscriber == ada
