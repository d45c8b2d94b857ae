"""Which customer holds which benefit, and the license keys some benefits come with."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from polar_django.models.base import MirroredModel
from polar_django.models.fields import mirrored_key, subscriber_key
from polar_django.models.indexes import SmallIndex
from polar_django.models.querysets import BenefitGrantQuerySet


class BenefitGrant(MirroredModel):
    """One benefit held through one purchase. Access is a live grant, and nothing else.

    `subscriber` is whose customer it is; `user` the member who holds it, where it is a seat's
    (`is_seat`). A grant that waits for an action of the customer is neither granted nor revoked.
    A `local` grant is given here by hand: `expires_at` ends it by itself, `reason` says why.
    """

    subscriber = subscriber_key("polar_benefit_grants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="polar_seat_grants",
    )
    customer = mirrored_key("polar_django.Customer", "benefit_grants")
    member = mirrored_key("polar_django.Member", "benefit_grants")
    benefit = mirrored_key("polar_django.Benefit", "grants")
    subscription = mirrored_key("polar_django.Subscription", "benefit_grants")
    order = mirrored_key("polar_django.Order", "benefit_grants")
    is_granted = models.BooleanField(default=False)
    is_revoked = models.BooleanField(default=False)
    granted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    properties = models.JSONField(default=dict, blank=True)
    is_seat = models.BooleanField(default=False)
    reason = models.CharField(max_length=255, blank=True, default="")

    objects = BenefitGrantQuerySet.as_manager()

    class Meta:
        indexes = [
            # The order in which the provider lists them, for `mirror.reconcile` and the admin.
            models.Index(fields=["provider", "created_at"], name="polar_grant_listed"),
            # Small, for whoever looks for what is stuck; most grants are never in them. In the
            # list's own order, or the database would rather walk through all grants.
            SmallIndex(
                fields=["provider", "created_at"],
                where=Q(is_granted=False, is_revoked=False),
                otherwise=["is_granted", "is_revoked", "provider", "created_at"],
                name="polar_grant_waiting",
            ),
            SmallIndex(
                fields=["provider", "created_at"],
                where=Q(is_revoked=True),
                otherwise=["is_revoked", "provider", "created_at"],
                name="polar_grant_revoked",
            ),
            SmallIndex(
                fields=["subscriber", "benefit"],
                where=Q(is_granted=True, is_revoked=False),
                name="polar_grant_live_subscriber",
            ),
            SmallIndex(
                fields=["user", "benefit"],
                where=Q(is_granted=True, is_revoked=False, user__isnull=False),
                name="polar_grant_live_user",
            ),
        ]
        permissions = [
            ("give_benefit", "Can give benefits by hand"),
            ("revoke_given_benefit", "Can take back benefits that were given by hand"),
        ]

    def is_live(self, at: datetime | None = None) -> bool:
        """Whether it gives access at that moment, by default now; as `objects.active()` says."""
        moment = at or timezone.now()
        lasts = self.expires_at is None or self.expires_at > moment
        return self.is_granted and not self.is_revoked and lasts


class LicenseKey(MirroredModel):
    """A key that comes with a grant, by its `display_key`: the last characters.

    The key itself is not kept here (docs/decisions.md); `raw` is without it. `status` is "granted",
    "revoked" with the grant, or "disabled" by hand; a key may also have expired (`is_valid`).
    """

    customer = mirrored_key("polar_django.Customer", "license_keys")
    member = mirrored_key("polar_django.Member", "license_keys")
    benefit = mirrored_key("polar_django.Benefit", "license_keys")
    status = models.CharField(max_length=32, default="granted")
    display_key = models.CharField(max_length=255, blank=True, default="")
    limit_activations = models.PositiveIntegerField(null=True, blank=True)
    limit_usage = models.PositiveIntegerField(null=True, blank=True)
    usage = models.BigIntegerField(default=0)
    validations = models.BigIntegerField(default=0)
    last_validated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # The order in which the provider lists them, for `mirror.reconcile`.
        indexes = [
            models.Index(fields=["provider", "created_at"], name="polar_license_key_listed"),
            models.Index(fields=["status"], name="polar_license_key_status"),
        ]

    @property
    def is_valid(self) -> bool:
        """Whether it was good when the provider was last heard: granted, and not expired by now."""
        lasts = self.expires_at is None or self.expires_at > timezone.now()
        return self.status == "granted" and lasts
