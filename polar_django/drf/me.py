"""`me/entitlements/` and `me/usage/`: what the request's own subscriber holds, and has used."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.drf.access import BillingView, OwnList
from polar_django.drf.serializers import EntitlementsSerializer, MeterSerializer
from polar_django.gating import entitlements_of
from polar_django.models import CustomerMeter, Meter
from polar_django.usage.balance import unreckoned_units

__all__ = ["EntitlementsView", "UsageView"]


class EntitlementsView(BillingView):
    """What the subscriber holds now, the user's seats included. One query."""

    serializer_class = EntitlementsSerializer

    def get(self, request: Request, **path: Any) -> Response:
        held = entitlements_of(request)
        live = [held.get(key) for key in sorted(held.keys)]
        return Response(
            self.get_serializer(
                {
                    "keys": sorted(held.keys),
                    "holds_everything": held.holds_everything,
                    "entitlements": live,
                }
            ).data
        )


class UsageView(OwnList):
    """What the subscriber has used of each meter, and what is left. Three queries."""

    serializer_class = MeterSerializer
    queryset = CustomerMeter.objects.select_related("meter")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unreckoned: dict[str, float | None] = {}

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.for_subscriber(self.get_subscriber()).order_by("meter_id", "pk")

    def paginate_queryset(self, queryset: Any) -> Any:
        """Learns on the way what was recorded here since the provider reckoned."""
        rows = super().paginate_queryset(queryset)
        meters: dict[Meter, list[CustomerMeter]] = {}
        for row in rows or ():
            if row.meter is not None:
                meters.setdefault(row.meter, []).append(row)
        since = unreckoned_units(self.get_subscriber(), meters)
        for meter, of_it in meters.items():
            # A subscriber with two customers has it once, not twice.
            self.unreckoned[of_it[0].pk] = since[meter]
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "unreckoned": self.unreckoned}
