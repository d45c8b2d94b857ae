"""`polar_products`: what is for sale, what it gives, and the keys and ids that settings name."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from polar_django.billing.prices import price_text, prices_of
from polar_django.conf import get_settings
from polar_django.exceptions import PolarDjangoError
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import Benefit, Product


class Command(BaseCommand):
    help = (
        "Lists the mirrored products with key, id, prices, benefits and the plans that sell them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--archived", action="store_true", help="archived products too")
        parser.add_argument(
            "--benefits", action="store_true", help="the benefits instead, those of no product too"
        )
        parser.add_argument("--json", action="store_true", help="a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["benefits"]:
            self._tell_benefits(_benefits(), as_json=options["json"])
            return
        try:
            entries = self._entries(with_archived=options["archived"])
        except PolarDjangoError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(entries))
            return
        if not entries:
            self.stdout.write("No products are mirrored yet: run polar_sync.")
        for entry in entries:
            key = entry["key"] or "no key"
            self.stdout.write(f"{entry['name']}  [{key}]  {entry['id']}")
            self.stdout.write(f"    price: {', '.join(entry['prices']) or 'none'}")
            given = zip(entry["benefits"], entry["benefit_ids"], strict=True)
            gives = ", ".join(name if name == pk else f"{name} ({pk})" for name, pk in given)
            self.stdout.write(f"    gives: {gives or 'nothing'}")
            self.stdout.write(f"    plans: {', '.join(entry['plans']) or 'none'}")

    def _tell_benefits(self, entries: list[dict[str, Any]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(entries))
            return
        if not entries:
            self.stdout.write("No benefits are mirrored yet: run polar_sync.")
        for entry in entries:
            key = entry["key"] or "no key"
            self.stdout.write(f"{entry['description']}  [{key}]  {entry['id']}")
            self.stdout.write(f"    given by: {', '.join(entry['products']) or 'no product'}")

    def _entries(self, *, with_archived: bool) -> list[dict[str, Any]]:
        products = Product.objects.order_by("created_at", "pk")
        if not with_archived:
            products = products.filter(is_archived=False)
        rows = list(products)
        prices = prices_of(rows)
        benefits = Benefit.objects.in_bulk({key for row in rows for key in row.benefit_ids})
        return [
            {
                "id": row.pk,
                "key": row.key,
                "name": row.name,
                "provider": row.provider,
                "is_archived": row.is_archived,
                "prices": [price_text(price, row) for price in prices[row.pk]],
                "benefits": [
                    str(benefits[key]) if key in benefits else key for key in row.benefit_ids
                ],
                "benefit_ids": list(row.benefit_ids),
                "plans": _plans_selling(row),
            }
            for row in rows
        ]


def _benefits() -> list[dict[str, Any]]:
    """All that the provider has and the mirror knows. Two queries."""
    products = list(Product.objects.filter(is_archived=False).order_by("created_at", "pk"))
    found = Benefit.objects.filter(is_deleted=False).exclude(provider=LOCAL)
    return [
        {
            "id": row.pk,
            "key": row.key,
            "description": row.description,
            "provider": row.provider,
            "products": [product.name for product in products if row.pk in product.benefit_ids],
        }
        for row in found.order_by("created_at", "pk")
    ]


def _plans_selling(product: Product) -> list[str]:
    settings = get_settings()
    names = {product.pk, product.key} - {""}
    return [
        plan.key
        for plan in settings.all_plans().values()
        if names & {settings.products.get(name, name) for name in plan.products}
    ]
