"""The test cards. Nothing that looks like a real card number is accepted or stored."""

from dataclasses import dataclass

__all__ = ["CARDS", "REFUSED_LATER", "Card", "UnknownCard", "find_card", "token_for"]


@dataclass(frozen=True, slots=True)
class Card:
    """A test card and what it does: `pays`, `declines`, or pays now and not again.

    Of the latter `fails_later` may work another day, `lost_later` never will. The last two pay, and
    differ in their refunds: `refunds_later` takes a day, `refund_fails` gives the money back, and
    tells a day later that it never arrived.
    """

    number: str
    behaviour: str

    @property
    def token(self) -> str:
        return f"ctoken_sandbox_{self.behaviour}"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("4242424242424242", "pays"),
    Card("4000000000000002", "declines"),
    Card("4000000000000341", "fails_later"),
    Card("4000000000009987", "lost_later"),
    Card("4000000000007726", "refunds_later"),
    Card("4000000000005126", "refund_fails"),
)
# These cannot be charged without the buyer.
REFUSED_LATER = ("declines", "fails_later", "lost_later")


class UnknownCard(ValueError):
    """Not one of the test cards. The number is in no message and no attribute."""

    def __init__(self) -> None:
        super().__init__("The sandbox takes its test cards only. Never enter a real card.")


def find_card(text: str) -> Card:
    """The card of a number (spaces allowed) or of a token. Raises UnknownCard."""
    compact = text.replace(" ", "").replace("-", "")
    for card in CARDS:
        if compact == card.number or text == card.token:
            return card
    raise UnknownCard


def token_for(number: str) -> str:
    """What a page sends as `confirmation_token_id` in place of the number. Raises UnknownCard."""
    return find_card(number).token
