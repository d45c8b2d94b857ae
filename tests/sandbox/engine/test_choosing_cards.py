"""Which of a customer's cards is charged, and when it is tried."""

from datetime import timedelta

import pytest

from polar_django.sandbox import cards
from polar_django.sandbox.engine import payment_methods, schedule, subscriptions
from polar_django.sandbox.errors import PaymentMethodInUseByActiveSubscription
from polar_django.sandbox.models import Customer, Order, PaymentMethod, Subscription
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop
from tests.sandbox.engine.sequences import RECOVERED


@pytest.fixture
def spare(shop: Shop) -> PaymentMethod:
    """Ada has Pro, paid by a card that fails on renewal, and a good card that nothing uses."""
    shop.buy(shop.pro, FAILS_LATER)
    return payment_methods.add_card(Customer.objects.get(), cards.find_card(PAYS))


def fall_due(ears: Ears) -> None:
    end = Subscription.objects.get().current_period_end
    schedule.move_to(end + timedelta(minutes=1))
    assert Subscription.objects.get().status == "past_due"
    ears.events()


def test_a_card_that_is_only_added_is_charged_for_nothing(spare: PaymentMethod, ears: Ears) -> None:
    fall_due(ears)

    schedule.advance(days=3)

    assert Subscription.objects.get().status == "past_due"
    assert Customer.objects.get().default_payment_method != spare


def test_choosing_another_card_pays_what_failed_at_once(spare: PaymentMethod, ears: Ears) -> None:
    fall_due(ears)

    payment_methods.choose_card(Customer.objects.get(), spare)

    assert ears.types() == RECOVERED
    assert Subscription.objects.get().status == "active"
    assert Order.objects.latest("created_at").payment_method == spare


def test_the_chosen_card_is_charged_on_the_next_renewal(spare: PaymentMethod, ears: Ears) -> None:
    payment_methods.choose_card(Customer.objects.get(), spare)

    schedule.advance(days=32)

    assert Order.objects.latest("created_at").payment_method == spare
    assert Subscription.objects.get().status == "active"


def test_what_a_canceled_subscription_owes_is_left_alone(spare: PaymentMethod, ears: Ears) -> None:
    fall_due(ears)
    subscriptions.cancel_at_period_end(subscriptions.get(Subscription.objects.get().pk))
    ears.events()

    payment_methods.choose_card(Customer.objects.get(), spare)

    assert ears.types() == []
    assert Order.objects.latest("created_at").status == "pending"


def test_the_last_card_of_a_subscription_stays(shop: Shop) -> None:
    shop.buy(shop.pro)

    with pytest.raises(PaymentMethodInUseByActiveSubscription):
        payment_methods.delete_card(PaymentMethod.objects.get())


def test_who_forgets_a_card_in_use_pays_with_the_other(spare: PaymentMethod) -> None:
    old = PaymentMethod.objects.exclude(pk=spare.pk).get()

    payment_methods.delete_card(old)

    schedule.advance(days=32)
    assert Order.objects.latest("created_at").payment_method == spare
    assert Subscription.objects.get().status == "active"
