"""How much of a plan may be bought at once: seats, and the amount where the buyer names it."""

from collections.abc import Iterable
from dataclasses import dataclass

from polar_django.conf import Plan
from polar_django.exceptions import InvalidRequest
from polar_django.models import Price

__all__ = [
    "MOST_SEATS",
    "AmountBounds",
    "amount_bounds",
    "choose_amount",
    "choose_seats",
    "seat_bounds",
]

# Polar's own limit on seats, where a plan sets none.
MOST_SEATS = 10_000


@dataclass(frozen=True, slots=True)
class AmountBounds:
    """What a buyer may pay, in minor units of `currency`. `most` is None without a limit."""

    least: int
    most: int | None
    preset: int | None
    currency: str

    def allow(self, amount: int) -> bool:
        return self.least <= amount and (self.most is None or amount <= self.most)


def seat_bounds(plan: Plan) -> tuple[int, int] | None:
    """The fewest and the most seats the plan sells; None where it sells none.

    With `seats` alone the number is fixed.
    """
    if plan.seats is None and plan.min_seats is None and plan.max_seats is None:
        return None
    fewest = plan.min_seats or (plan.seats if plan.seats and not plan.max_seats else 1)
    most = plan.max_seats or (plan.seats if plan.seats and not plan.min_seats else MOST_SEATS)
    return fewest, most


def choose_seats(plan: Plan, asked: int | None) -> int | None:
    """The seats to buy: as asked, else the plan's own; None where the plan sells none.

    Raises InvalidRequest (`code` "seats_out_of_bounds").
    """
    bounds = seat_bounds(plan)
    if bounds is None:
        if asked is None:
            return None
        raise InvalidRequest(f"The plan {plan.key!r} sells no seats.", code="seats_out_of_bounds")
    fewest, most = bounds
    count = asked if asked is not None else (plan.seats or fewest)
    if not fewest <= count <= most:
        raise InvalidRequest(
            f"The plan {plan.key!r} sells {fewest} to {most} seats, not {count}.",
            code="seats_out_of_bounds",
        )
    return count


def amount_bounds(plan: Plan, prices: Iterable[Price]) -> AmountBounds | None:
    """What the buyer of a product with these prices may choose to pay.

    The plan narrows what the price allows. None where no price leaves the amount to the buyer.
    """
    price = next((each for each in prices if each.amount_type == "custom"), None)
    if price is None:
        return None
    limits = [each for each in (plan.max_amount, price.maximum_amount) if each]
    return AmountBounds(
        least=max(plan.min_amount or 0, price.minimum_amount or 0),
        most=min(limits) if limits else None,
        preset=plan.amount if plan.amount is not None else price.preset_amount,
        currency=price.price_currency or plan.currency,
    )


def choose_amount(plan: Plan, bounds: AmountBounds | None, asked: int | None) -> int | None:
    """The amount to send: as asked, else the plan's; None leaves it to the pay page.

    Raises InvalidRequest (`code` "amount_out_of_bounds"), also where the price is fixed.
    """
    if bounds is None:
        if asked is None:
            return None
        raise InvalidRequest(
            f"The plan {plan.key!r} does not leave its price to the buyer.",
            code="amount_out_of_bounds",
        )
    amount = asked if asked is not None else plan.amount
    if amount is not None and not bounds.allow(amount):
        raise InvalidRequest(
            f"The plan {plan.key!r} does not sell for this amount.", code="amount_out_of_bounds"
        )
    return amount
