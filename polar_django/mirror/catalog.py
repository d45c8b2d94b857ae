"""The catalogue's own rule: a product lists only its current prices."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Subquery

from polar_django.models import Price, Product


def archive_unlisted_prices(changed: Mapping[Any, Mapping[str, Any]]) -> None:
    """Archive the prices that the new version of a product no longer lists. One statement, or none.

    Those it lists were written with it, and carry its key; what is older was left out. Ad-hoc
    prices belong to a checkout and are never listed.
    """
    if Product not in changed:
        return
    listed_as_of = Product.objects.filter(pk=OuterRef("product_id")).values("as_of")
    Price.objects.filter(product__in=changed[Product], source="catalog", is_archived=False).filter(
        as_of__lt=Subquery(listed_as_of)
    ).update(is_archived=True)
