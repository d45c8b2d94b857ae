"""What a customer has to their credit, or owes, between two orders. Amounts are minor units."""

from polar_django.sandbox.models import Customer

__all__ = ["add_to_balance", "use_balance"]


def add_to_balance(customer: Customer, currency: str, amount: int) -> None:
    """Credit `amount`; a negative one is a debt. Two queries."""
    customer.refresh_from_db(fields=["balances"])
    held = int(customer.balances.get(currency, 0))
    customer.balances = {**customer.balances, currency: held + amount}
    customer.save(update_fields=["balances"])


def use_balance(customer: Customer, currency: str, total: int) -> int:
    """Settle the balance with an order of `total`: what to add to it, negative where it helps.

    A debt is added whole; a credit is used as far as the order goes. One query, three if there is a
    balance.
    """
    customer.refresh_from_db(fields=["balances"])
    held = int(customer.balances.get(currency, 0))
    if held == 0 or total <= 0:
        return 0
    used = min(held, total)
    add_to_balance(customer, currency, -used)
    return -used
