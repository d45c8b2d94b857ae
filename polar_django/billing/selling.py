"""What is offered from code: discounts, and links that open a checkout.

Discounts are mirrored, and in the mirror when a verb returns; checkout links are not, because what
is bought through one comes as any checkout. All raise ProviderError.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from polar_django.billing.answers import write_answer
from polar_django.billing.products import mirrored_products
from polar_django.exceptions import InvalidRequest, ObjectNotFound
from polar_django.mirror.answers import stored_keys, stored_keys_of
from polar_django.mirror.repair import mark_deleted
from polar_django.models import Discount, Product, Transition
from polar_django.models.databases import on_primary, primary
from polar_django.providers.registry import get_provider
from polar_django.providers.storefront import CheckoutLink, DiscountRequest, LinkRequest

__all__ = [
    "create_checkout_link",
    "create_discount",
    "delete_checkout_link",
    "delete_discount",
    "list_checkout_links",
    "list_discounts",
]

Products = Iterable[Product | str]


def create_discount(
    name: str,
    *,
    percent: Decimal | float | None = None,
    amount: int | None = None,
    currency: str = "",
    duration: Literal["once", "forever", "repeating"] = "once",
    months: int | None = None,
    code: str = "",
    products: Products = (),
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    max_redemptions: int | None = None,
    max_redemptions_per_customer: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    provider: str | None = None,
) -> Discount:
    """A discount of so many `percent`, or an `amount` in minor units of `currency`.

    It is for the first payment ("once"), all of them ("forever") or those of so many `months`
    ("repeating"). With a `code` (letters and digits) buyers may type it; without, `apply_discount`
    and plans give it. `products` (rows, keys or ids) are all where none are named.

    One call, and one query with products. Not to be repeated blindly: only a code is taken once.
    Raises ValueError without either or with both; InvalidRequest for a code that is taken, a
    product that nobody knows (`code` "unknown_product"), and what else the provider does not take.
    """
    if (percent is None) == (amount is None):
        raise ValueError("A discount is of so many percent, or of an amount.")
    service = get_provider(provider)
    request = DiscountRequest(
        name=name,
        basis_points=None if percent is None else round(Decimal(str(percent)) * 100),
        amount=amount,
        currency=currency,
        duration=duration,
        months=months,
        code=code,
        product_ids=_product_ids(products, service.name),
        starts_at=starts_at,
        ends_at=ends_at,
        max_redemptions=max_redemptions,
        max_redemptions_per_customer=max_redemptions_per_customer,
        metadata=metadata or {},
    )
    answer = service.storefront().create_discount(request)
    write_answer(answer)
    made: Discount = on_primary(Discount).get(pk=answer.first.id)
    return made


def list_discounts(provider: str | None = None) -> list[Discount]:
    """The living discounts, newest first, as the provider lists them now. One call a page."""
    service = get_provider(provider)
    mine = on_primary(Discount).filter(provider=service.name)
    sent = stored_keys_of(mine)
    listed = []
    for page in service.list_objects("discounts"):
        write_answer(page, sent=sent)
        listed += [seen.snapshot.id for seen in page.observations]
    return list(mine.filter(pk__in=listed).order_by("-created_at", "pk"))


def delete_discount(discount: Discount) -> Discount:
    """Nobody can redeem it any more; who has it keeps it. Called twice it returns quietly. One
    call."""
    service = get_provider(discount.provider)
    sent = stored_keys(discount)
    try:
        service.storefront().delete_discount(discount.pk)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the discount
            raise
    mark_deleted(discount, sent, source=Transition.Source.VERB)
    discount.refresh_from_db(using=primary())
    return discount


def create_checkout_link(
    products: Products,
    *,
    label: str = "",
    discount: Discount | str = "",
    allow_discount_codes: bool = True,
    require_billing_address: bool = False,
    seats: int | None = None,
    success_url: str = "",
    return_url: str = "",
    metadata: Mapping[str, Any] | None = None,
    provider: str | None = None,
) -> CheckoutLink:
    """A link for a newsletter or a poster: whoever follows it gets a checkout of their own.

    It knows no subscriber: a purchase through it is linked by its buyer's customer, else it is
    unclaimed (`link_customer`, or a guest's claim). `products` are rows, keys or ids, the first
    preselected; `discount` a row or an id. `metadata` comes back on order and subscription.

    One call and one query. Raises InvalidRequest as `create_discount`.
    """
    service = get_provider(provider)
    chosen = _product_ids(products, service.name)
    if not chosen:
        raise ValueError("A checkout link sells at least one product.")
    return service.storefront().create_link(
        LinkRequest(
            product_ids=chosen,
            label=label,
            discount_id=discount.pk if isinstance(discount, Discount) else discount,
            allow_discount_codes=allow_discount_codes,
            require_billing_address=require_billing_address,
            seats=seats,
            success_url=success_url,
            return_url=return_url,
            metadata=metadata or {},
        )
    )


def list_checkout_links(provider: str | None = None) -> list[CheckoutLink]:
    """All checkout links, newest first. One call a page."""
    return list(get_provider(provider).storefront().links())[::-1]


def delete_checkout_link(link: CheckoutLink | str, provider: str | None = None) -> None:
    """Void a link (or the one of that id). Called twice it returns quietly. One call."""
    key = link.id if isinstance(link, CheckoutLink) else link
    try:
        get_provider(provider).storefront().delete_link(key)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the link
            raise


def _product_ids(products: Products, provider: str) -> tuple[str, ...]:
    given = [products] if isinstance(products, str) else list(products)
    names = [item for item in given if isinstance(item, str)]
    known = mirrored_products(names, provider) if names else {}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidRequest(
            f"No product has the key or id {unknown[0]!r}; `polar_products` lists what there is.",
            code="unknown_product",
        )
    return tuple(str((known[item] if isinstance(item, str) else item).pk) for item in given)
