"""Who holds which benefit, and through which purchase."""

from django.db import models
from django.db.models import Q

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Benefit
from polar_django.sandbox.models.customers import Customer, Member
from polar_django.sandbox.models.orders import Order
from polar_django.sandbox.models.subscriptions import Subscription


class BenefitGrant(Row):
    """One row per customer, benefit, member and purchase: a re-grant is the same row again."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="grants")
    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="grants")
    benefit = models.ForeignKey(Benefit, models.CASCADE, related_name="grants")
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, related_name="grants")
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="grants")
    granted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    properties = models.JSONField(default=dict)
    # Null, or {"message", "type", "timestamp"}: the customer has to do something first.
    error = models.JSONField(null=True)

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "benefit", "member"],
                condition=Q(subscription__isnull=False),
                name="sandbox_subscription_grant",
            ),
            models.UniqueConstraint(
                fields=["order", "benefit", "member"],
                condition=Q(order__isnull=False),
                name="sandbox_order_grant",
            ),
        ]

    @property
    def is_granted(self) -> bool:
        return self.granted_at is not None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None
