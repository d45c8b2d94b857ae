"""Plans, benefits and gates: does each name stand for something that exists?"""

from collections import Counter
from collections.abc import Iterator

from polar_django.billing.products import mirrored_products
from polar_django.conf import Plan
from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.doctor.gates import gates_in_urls
from polar_django.entitlements.keys import keys_of_benefit
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import Benefit, BenefitGrant, Product

__all__ = ["look_at_benefits", "look_at_gates", "look_at_plans"]


def look_at_plans(case: Case) -> Iterator[Finding]:
    """Whether each plan's products are there, for sale, and only one. Two queries.

    Plans that a function computes are asked for as for nobody in particular.
    """
    plans = list(case.settings.all_plans().values())
    if not plans:
        raise NotApplicable("there are no PLANS")
    names = [name for plan in plans for name in plan.products]
    known = mirrored_products(names, case.settings.default_provider)
    twice = _ambiguous({product.key for product in known.values()}, case)
    for plan in plans:
        for name in plan.products:
            yield from _look_at_product(plan, name, known.get(name), twice)


def look_at_benefits(case: Case) -> Iterator[Finding]:
    """Whether each id in BENEFITS is a benefit's. One query."""
    wanted = case.settings.benefits
    if not wanted:
        raise NotApplicable("BENEFITS is empty: benefits carry their keys themselves")
    known = set(
        Benefit.objects.filter(pk__in=wanted.values(), is_deleted=False).values_list(
            "pk", flat=True
        )
    )
    for key, benefit_id in wanted.items():
        if benefit_id not in known:
            yield Finding(
                code="benefit-unknown",
                what=f"POLAR_DJANGO['BENEFITS'][{key!r}] is {benefit_id}, which is no benefit "
                "that the mirror knows.",
                why=f"Whoever asks for {key!r} is refused, paid or not.",
                fix="Correct the id; python manage.py polar_products --benefits lists them, "
                "python manage.py polar_sync benefits reads them anew.",
            )


def look_at_gates(case: Case) -> Iterator[Finding]:
    """Whether somebody can hold what the views ask for. Two queries."""
    gates = gates_in_urls()
    if not gates:
        raise NotApplicable("no view in the URLs asks for a benefit")
    settings = case.settings
    own_keys = dict(Benefit.objects.filter(is_deleted=False).values_list("pk", "key"))
    # What somebody was given by hand needs no benefit at the provider.
    by_hand = BenefitGrant.objects.active().filter(provider=LOCAL).order_by()
    for pk in by_hand.values_list("benefit_id", flat=True).distinct():
        own_keys.setdefault(pk, "")
    known = {*settings.benefits, *settings.free_benefits}
    for pk, own_key in own_keys.items():
        known.update(keys_of_benefit(pk, own_key))
    for key, views in sorted(gates.items()):
        if key not in known:
            yield Finding(
                code="gate-unknown-benefit",
                what=f"{', '.join(sorted(views)[:3])} asks for the benefit {key!r}, which nothing "
                "here is called.",
                why="The gate refuses everybody, whatever they buy.",
                fix=f'Give the benefit the metadata {{"key": "{key}"}} in the provider\'s '
                f"dashboard, or name its id in POLAR_DJANGO['BENEFITS'][{key!r}].",
                level=Level.WARNING,
            )


def _look_at_product(
    plan: Plan, name: str, product: Product | None, twice: set[str]
) -> Iterator[Finding]:
    where = f"POLAR_DJANGO['PLANS'][{plan.key!r}]"
    if product is None:
        yield Finding(
            code="plan-unknown-product",
            what=f"{where} names the product {name!r}, which the mirror does not know.",
            why="The plan cannot be bought.",
            fix=f'Give the product the metadata {{"key": "{name}"}} in the provider\'s dashboard, '
            "or map the name in PRODUCTS; then: python manage.py polar_sync products",
        )
    elif product.is_archived:
        yield Finding(
            code="plan-archived-product",
            what=f"{where} names the product {name!r}, which is archived.",
            why="The provider refuses to sell it.",
            fix="Take it out of the plan, or unarchive it in the provider's dashboard.",
        )
    elif product.key and product.key in twice:
        yield Finding(
            code="plan-ambiguous-product",
            what=f"{where} names the product {name!r}, and several products have the key "
            f"{product.key!r}.",
            why="Which of them is sold is decided by their age.",
            fix="Take the key from the metadata of all but one, or archive them.",
            level=Level.WARNING,
        )


def _ambiguous(keys: set[str], case: Case) -> set[str]:
    living = Product.objects.filter(
        provider=case.settings.default_provider, key__in=keys - {""}, is_archived=False
    )
    return {
        key for key, number in Counter(living.values_list("key", flat=True)).items() if number > 1
    }
