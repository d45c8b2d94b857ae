"""What a plan sells: from the names in the settings to products we know."""

from collections.abc import Iterable

from polar_django.conf import Plan, get_settings
from polar_django.exceptions import ConfigurationError, InvalidRequest
from polar_django.mirror.answers import apply_answer
from polar_django.models import Product
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider

__all__ = ["choose_product", "mirrored_products", "products_of"]


def products_of(plan: Plan, provider: str | None = None) -> dict[str, Product]:
    """The plan's products by the name it gives them, in its order; no archived ones. One query.

    A name is a key of `PRODUCTS`, else a product's key, else its id. One that the mirror does not
    know costs a reading of the provider's products, so that the first checkout needs no
    `polar_sync` before it. Raises ConfigurationError for one that nobody knows, and
    where all are archived.
    """
    service = get_provider(provider)
    found = mirrored_products(plan.products, service.name)
    if len(found) < len(set(plan.products)):
        _read_products(service)
        found = mirrored_products(plan.products, service.name)
    for name in plan.products:
        if name not in found:
            raise ConfigurationError(
                f"POLAR_DJANGO['PLANS'][{plan.key!r}] names the product {name!r}, but no product "
                "has this id or the metadata {'key': …} of that name. `polar_products` lists what "
                "there is; POLAR_DJANGO['PRODUCTS'] may map the name to an id."
            )
    sold = {name: found[name] for name in plan.products if not found[name].is_archived}
    if not sold:
        raise ConfigurationError(f"All products of the plan {plan.key!r} are archived.")
    return sold


def choose_product(plan: Plan, products: dict[str, Product], chosen: str | None) -> Product:
    """The product that was asked for by name or id, else the first.

    Raises InvalidRequest (`code` "product_not_in_plan") for one that the plan does not sell.
    """
    if not chosen:
        return next(iter(products.values()))
    for name, product in products.items():
        if chosen in (name, product.pk):
            return product
    raise InvalidRequest(
        f"The plan {plan.key!r} does not sell this product.", code="product_not_in_plan"
    )


def mirrored_products(names: Iterable[str], provider: str) -> dict[str, Product]:
    """The products that the mirror knows by these names, archived ones too. One query."""
    mapped = get_settings().products
    # A browser may have sent the name, and PostgreSQL takes no NUL, not even to compare with.
    wanted = {name: mapped.get(name, name) for name in names if "\x00" not in name}
    # Archived ones first, so that a living product of the same key takes the name.
    rows = Product.objects.named(wanted.values()).filter(provider=provider)
    by_name: dict[str, Product] = {}
    for row in rows.order_by("-is_archived", "created_at", "pk"):
        by_name[row.pk] = row
        if row.key:
            by_name[row.key] = row
    return {name: by_name[key] for name, key in wanted.items() if key in by_name}


def _read_products(service: Provider) -> None:
    for page in service.list_objects("products"):
        apply_answer(page, source=None)
