"""What is for sale: the plans of the settings, as the mirror knows their products. Calls nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.billing.adhoc_prices import pricing_of
from polar_django.billing.bounds import AmountBounds, amount_bounds, seat_bounds
from polar_django.billing.prices import price_text, prices_of
from polar_django.billing.products import mirrored_products
from polar_django.conf import Plan, get_settings
from polar_django.models import Benefit, Price, Product
from polar_django.subscribers import resolve_subscriber

__all__ = ["PlanOffer", "ProductOffer", "benefits_of", "offer_of", "plans_on_offer"]


@dataclass(frozen=True, slots=True)
class ProductOffer:
    """One product of a plan. `name` is what the plan calls it, and what a checkout takes.

    `prices` and `benefits` are rows, ad-hoc prices unsaved ones; `price_texts` is what a buyer
    reads, in the active language. `amount_bounds` are set where the buyer names the amount.
    """

    name: str
    product: Product
    prices: tuple[Price, ...]
    benefits: tuple[Benefit, ...]
    amount_bounds: AmountBounds | None = None

    @property
    def price_texts(self) -> tuple[str, ...]:
        return tuple(price_text(price, self.product) for price in self.prices)


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One plan, with those of its products that are mirrored and not archived.

    `seat_bounds` are the fewest and the most seats it sells, None where it sells none.
    """

    plan: Plan
    products: tuple[ProductOffer, ...]

    @property
    def key(self) -> str:
        return self.plan.key

    @property
    def seat_bounds(self) -> tuple[int, int] | None:
        return seat_bounds(self.plan)


def plans_on_offer(
    keys: Iterable[str] = (), *, request: Any = None, subscriber: Any = None
) -> list[PlanOffer]:
    """The plans with these keys, or all, in their order. Three queries for any number.

    Functions in `PLANS` are called with the request, and those that make prices with the
    subscriber too: where none is given, the request's own, who is looked for in no other case. A
    plan of which no product is known here yet is there, without products: run
    `polar_sync`. Raises UnknownPlan.
    """
    settings = get_settings()
    known_plans = settings.all_plans(request)
    plans = [known_plans.get(key) or settings.plan(key, request) for key in keys]
    plans = plans or list(known_plans.values())
    if subscriber is None and request is not None and any(_asks_who(plan) for plan in plans):
        subscriber = resolve_subscriber(request)
    names = {name for plan in plans for name in plan.products}
    known = mirrored_products(names, settings.default_provider) if names else {}
    sold = {name: product for name, product in known.items() if not product.is_archived}
    catalogue = prices_of(sold.values()) if sold else {}
    benefits = benefits_of(sold.values())
    return [
        offer_of(
            plan,
            {name: sold[name] for name in plan.products if name in sold},
            benefits,
            catalogue=catalogue,
            request=request,
            subscriber=subscriber,
        )
        for plan in plans
    ]


def _asks_who(plan: Plan) -> bool:
    """Whether a function makes its prices."""
    return not isinstance(plan.prices, Mapping)


def benefits_of(products: Iterable[Product]) -> dict[str, Benefit]:
    """The benefits these products give, by id. One query, or none."""
    wanted = {key for product in products for key in product.benefit_ids}
    return Benefit.objects.filter(is_deleted=False).in_bulk(wanted) if wanted else {}


def offer_of(
    plan: Plan,
    products: Mapping[str, Product],
    benefits: Mapping[str, Benefit],
    *,
    catalogue: Mapping[str, Iterable[Price]] | None = None,
    request: Any = None,
    subscriber: Any = None,
) -> PlanOffer:
    """One plan as it is offered to this subscriber. One query, or none with `catalogue`."""
    pricing = pricing_of(
        plan, products, subscriber=subscriber, request=request, catalogue=catalogue
    )
    return PlanOffer(
        plan,
        tuple(
            ProductOffer(
                name=name,
                product=product,
                prices=pricing.rows[product.pk],
                benefits=tuple(benefits[key] for key in product.benefit_ids if key in benefits),
                amount_bounds=amount_bounds(plan, pricing.rows[product.pk]),
            )
            for name, product in products.items()
        ),
    )
