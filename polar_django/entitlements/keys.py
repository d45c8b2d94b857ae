"""The names a project uses for what the provider knows by id.

A benefit's key is the one that the settings give its id, else the one in its own metadata, else
the id. Keys are compared exactly, capitals included.
"""

from collections.abc import Iterable

from django.db.models import Q

from polar_django.conf import get_settings
from polar_django.models import Benefit

__all__ = ["grants_of_key", "keys_of_benefit", "product_names"]


def keys_of_benefit(benefit_id: str | None, own_key: str | None) -> tuple[str, ...]:
    """The keys under which a grant of this benefit counts: one, unless settings name it twice.

    `own_key` is the key in its metadata, None or "" where it has none or was never seen.
    """
    named = tuple(key for key, known in get_settings().benefits.items() if known == benefit_id)
    if named:
        return named
    key = own_key or benefit_id
    return (key,) if key else ()


def grants_of_key(key: str) -> Q:
    """The same rule as a condition on `BenefitGrant`: those that count under this key."""
    benefits = get_settings().benefits
    # Subqueries, because Django makes an inner join of `benefit__key` in this condition, which
    # drops the grants whose benefit has not arrived.
    named_so = Q(benefit__in=Benefit.objects.filter(key=key).exclude(key=""))
    named = Benefit.objects.filter(pk=key).exclude(key="")
    own = named_so | (Q(benefit_id=key) & ~Q(benefit__in=named))
    condition = own & ~Q(benefit_id__in=list(benefits.values()))
    return condition | Q(benefit_id=benefits[key]) if key in benefits else condition


def product_names(names: Iterable[str]) -> frozenset[str]:
    """The product keys and ids that plan keys, product keys or ids stand for.

    As at checkout: the key of a plan means its products, and a name that `PRODUCTS` maps its id.
    """
    settings = get_settings()
    plans = settings.all_plans()
    plain = {
        product
        for name in names
        for product in (plans[name].products if name in plans else (name,))
    }
    return frozenset(settings.products.get(name, name) for name in plain)
