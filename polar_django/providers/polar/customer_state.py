"""The customer state: one customer with what they hold, JSON → snapshot."""

from polar_django.providers.polar.customers import customer, customer_meter
from polar_django.providers.polar.reading import Json, objects
from polar_django.providers.polar.subscriptions import granted_benefit, has_members, subscription
from polar_django.snapshots import CustomerState

_LISTS = frozenset({"active_subscriptions", "granted_benefits", "active_meters"})


def customer_state(data: Json) -> CustomerState:
    """Each entry is a reduced copy that does not name its customer; it is given it here."""
    holder = customer({key: value for key, value in data.items() if key not in _LISTS})
    return CustomerState(
        customer=holder,
        subscriptions=tuple(
            subscription(item, holder.id) for item in objects(data.get("active_subscriptions"))
        ),
        grants=tuple(
            granted_benefit(item, holder.id, for_team=has_members(holder.type))
            for item in objects(data.get("granted_benefits"))
        ),
        meters=tuple(
            customer_meter(item, holder.id) for item in objects(data.get("active_meters"))
        ),
    )
