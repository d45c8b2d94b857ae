"""What is for sale: the plans of the settings, as the mirror knows their products. Calls nobody."""

from collections.abc import Iterable
from dataclasses import dataclass

from polar_django.billing.prices import price_text, prices_of
from polar_django.billing.products import mirrored_products, seat_bounds
from polar_django.conf import Plan, get_settings
from polar_django.models import Benefit, Price, Product

__all__ = ["PlanOffer", "ProductOffer", "plans_on_offer"]


@dataclass(frozen=True, slots=True)
class ProductOffer:
    """One product of a plan. `name` is what the plan calls it, and what a checkout takes.

    `prices` and `benefits` are rows; `price_texts` is what a buyer reads, in the active language.
    """

    name: str
    product: Product
    prices: tuple[Price, ...]
    benefits: tuple[Benefit, ...]

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


def plans_on_offer(keys: Iterable[str] = ()) -> list[PlanOffer]:
    """The plans with these keys, or all, in their order. Three queries for any number.

    A plan of which no product is known here yet is there, without products: run `polar_sync`.
    Raises UnknownPlan.
    """
    settings = get_settings()
    plans = [settings.plan(key) for key in keys] or list(settings.plans.values())
    names = {name for plan in plans for name in plan.products}
    known = mirrored_products(names, settings.default_provider) if names else {}
    sold = {name: product for name, product in known.items() if not product.is_archived}
    prices = prices_of(sold.values()) if sold else {}
    wanted = {key for product in sold.values() for key in product.benefit_ids}
    benefits = Benefit.objects.filter(is_deleted=False).in_bulk(wanted) if wanted else {}
    offers = {
        name: ProductOffer(
            name=name,
            product=product,
            prices=tuple(prices[product.pk]),
            benefits=tuple(benefits[key] for key in product.benefit_ids if key in benefits),
        )
        for name, product in sold.items()
    }
    return [
        PlanOffer(plan, tuple(offers[name] for name in plan.products if name in offers))
        for plan in plans
    ]
