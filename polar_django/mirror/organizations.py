"""Whether the access token is of the organization that is mirrored here.

With another one's token the provider knows nobody of ours: everything would seem deleted.
"""

from django.db.models import Exists, OuterRef

from polar_django.exceptions import ForeignObject, NotSupported, ObjectNotFound
from polar_django.mirror.walking import Patience
from polar_django.models import Order, Product, Subscription
from polar_django.models.databases import on_primary
from polar_django.providers.base import Provider

__all__ = ["refuse_another_organization"]

_ASKED_FOR = 3


def refuse_another_organization(provider: Provider, patience: Patience) -> None:
    """Raise ForeignObject where the provider knows none of our products. One query and one call,
    up to three; nothing where it has been asked with that patience before.

    A product that was sold is never deleted, only archived, so that some of ours must be known.
    """
    if patience.has_met:
        return
    sold = [
        Exists(on_primary(table).filter(product=OuterRef("pk"))).desc()
        for table in (Subscription, Order)
    ]
    ours = list(
        on_primary(Product)
        .filter(provider=provider.name, as_of__isnull=False)
        .order_by(*sold, "is_archived", "-created_at")
        .values_list("pk", flat=True)[:_ASKED_FOR]
    )
    patience.has_met = not ours or any(_is_known(provider, key, patience) for key in ours)
    if not patience.has_met:
        raise ForeignObject(
            f"{provider.name} knows none of the products mirrored here: the access token is of "
            "another organization, or of another server. Nothing was changed."
        )


def _is_known(provider: Provider, key: str, patience: Patience) -> bool:
    try:
        patience.call(provider.get_object, "products", key)
    except ObjectNotFound:
        return False
    except NotSupported:
        # It cannot be asked.
        return True
    return True
