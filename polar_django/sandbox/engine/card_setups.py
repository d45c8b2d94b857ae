"""A card that a customer adds in the portal, some only after their bank's question."""

from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.cards import Card, UnknownCard, find_card
from polar_django.sandbox.engine import payment_methods, rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import CustomerNotReady, PaymentMethodSetupFailed, invalid
from polar_django.sandbox.models import Customer, PaymentMethod

__all__ = ["ASKS_FIRST", "add_card", "confirm_card", "is_confirmed", "setup_id"]

# Kept only once it is confirmed. The pay page does not know this card.
ASKS_FIRST = Card("4000002760003184", "asks_first")
PREFIX = "seti_sandbox_"


def add_card(customer: Customer, text: str, *, set_default: bool) -> PaymentMethod:
    """Keep the test card of a number or token; `is_confirmed` tells whether it may be used yet.

    Raises PaymentMethodSetupFailed (declined), InvalidRequest (no test card). What could not be
    charged is tried at once with a new default card.
    """
    try:
        card = ASKS_FIRST if _asks_first(text) else find_card(text)
    except UnknownCard as error:
        # The text itself is not repeated: it may be a real card's number.
        raise invalid(str(error), "confirmation_token_id") from error
    if card.behaviour == "declines":
        raise PaymentMethodSetupFailed
    with business_transaction():
        if card is ASKS_FIRST:
            return rows.create(
                PaymentMethod,
                customer=customer,
                behaviour=card.behaviour,
                last4=card.last4,
                deleted_at=clock.tick(),
            )
        return _keep(customer, card, set_default=set_default)


def confirm_card(customer: Customer, setup: str, *, set_default: bool) -> PaymentMethod:
    """The bank's question was answered. `setup` is a `setup_id`. Raises CustomerNotReady."""
    with business_transaction():
        asked = _asked(customer, setup)
        if asked is None:
            raise CustomerNotReady
        asked.delete()
        return _keep(customer, Card(ASKS_FIRST.number, "pays"), set_default=set_default)


def is_confirmed(method: PaymentMethod) -> bool:
    """Whether the card may be used: the bank asks nothing, or was answered."""
    return method.behaviour != ASKS_FIRST.behaviour


def setup_id(method: PaymentMethod) -> str:
    """What names the bank's question, as the card processor's setup intents do."""
    return f"{PREFIX}{method.id.hex}"


def _asks_first(text: str) -> bool:
    return text == ASKS_FIRST.token or text.replace(" ", "") == ASKS_FIRST.number


def _asked(customer: Customer, setup: str) -> PaymentMethod | None:
    try:
        pk = UUID(setup.removeprefix(PREFIX))
    except ValueError:
        return None
    return customer.payment_methods.filter(pk=pk, behaviour=ASKS_FIRST.behaviour).first()


def _keep(customer: Customer, card: Card, *, set_default: bool) -> PaymentMethod:
    """A customer without a card gets a default one whether they ask for it or not."""
    if set_default or customer.default_payment_method is None:
        return payment_methods.replace_card(customer, card)
    return payment_methods.add_card(customer, card)
