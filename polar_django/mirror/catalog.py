"""The catalogue's own rule: a product lists only its current prices."""

from django.db.models import OuterRef, Q, Subquery

from polar_django.mirror.tables import Rows
from polar_django.models import Price, Product


def archive_unlisted_prices(changed: Rows) -> None:
    """Archive the prices that the newest version of their product does not list. One statement.

    Those it lists were written with it and carry its key; an older key was left out since, however
    late it arrives. One without a key came as a copy, with a purchase of former times. Ad-hoc
    prices belong to a checkout and are never listed.
    """
    seen_whole = {*changed.get(Product, ())}
    products = seen_whole | {price.product_id for price in changed.get(Price, {}).values()}
    if not products:
        return
    listed_as_of = Product.objects.filter(pk=OuterRef("product_id")).values("as_of")
    Price.objects.filter(product__in=products, source="catalog", is_archived=False).filter(
        Q(as_of__lt=Subquery(listed_as_of)) | Q(as_of=None, product__in=seen_whole)
    ).update(is_archived=True, as_of=Subquery(listed_as_of))
