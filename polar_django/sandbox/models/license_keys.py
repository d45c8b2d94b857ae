"""License keys and the machines they are activated on."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Benefit
from polar_django.sandbox.models.customers import Customer, Member
from polar_django.sandbox.models.grants import BenefitGrant


class LicenseKey(Row):
    """One per grant, and kept for it. `status`: granted, revoked, disabled (by hand)."""

    grant = models.OneToOneField(BenefitGrant, models.CASCADE, related_name="license_key")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="license_keys")
    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="license_keys")
    benefit = models.ForeignKey(Benefit, models.CASCADE, related_name="license_keys")
    key = models.CharField(max_length=512, unique=True)
    status = models.CharField(max_length=16, default="granted")
    limit_activations = models.BigIntegerField(null=True)
    usage = models.BigIntegerField(default=0)
    limit_usage = models.BigIntegerField(null=True)
    validations = models.PositiveIntegerField(default=0)
    last_validated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    @property
    def display_key(self) -> str:
        """What may be shown to anybody: the last six characters."""
        return f"****-{self.key[-6:]}"


class LicenseKeyActivation(Row):
    license_key = models.ForeignKey(LicenseKey, models.CASCADE, related_name="activations")
    label = models.CharField(max_length=255)
    meta = models.JSONField(default=dict)
    conditions = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(null=True)
