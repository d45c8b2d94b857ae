"""Customers, the people in them, and what each has used."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from polar_django.models.base import MirroredModel
from polar_django.models.fields import ExactCharField, mirrored_key, subscriber_key
from polar_django.models.indexes import SmallIndex
from polar_django.models.querysets import CustomerMeterQuerySet, CustomerQuerySet


class Customer(MirroredModel):
    """The provider's record of a subscriber; unclaimed while `subscriber` is null.

    `erased_at` is when the person was forgotten (`polar_django.privacy`).
    `push` is ours: what the provider is still to be told (`billing.pushing`).
    """

    class Push(models.TextChoices):
        """A changed profile, or an end that was decided here."""

        PROFILE = "profile"
        DELETE = "delete"
        ANONYMIZE = "anonymize"

    subscriber = subscriber_key("polar_customers")
    type = models.CharField(max_length=32, default="individual")
    external_id = ExactCharField(max_length=255, null=True, blank=True)
    email = models.CharField(max_length=320, null=True, blank=True)
    email_verified = models.BooleanField(default=False)
    name = models.CharField(max_length=500, null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    push = models.CharField(max_length=16, choices=Push.choices, blank=True, default="")

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            # The order in which the provider lists them, for `mirror.reconcile` and the admin.
            models.Index(fields=["provider", "created_at"], name="polar_customer_listed"),
            models.Index(fields=["external_id"], name="polar_customer_external_id"),
            models.Index(fields=["email"], name="polar_customer_email"),
            SmallIndex(
                fields=["provider", "created_at"],
                where=Q(deleted_at__isnull=False),
                otherwise=["deleted_at"],
                name="polar_customer_deleted",
            ),
            SmallIndex(
                fields=["erased_at"],
                where=Q(erased_at__isnull=False),
                name="polar_customer_erased",
            ),
            SmallIndex(fields=["push"], where=~Q(push=""), name="polar_customer_push"),
        ]
        permissions = [
            ("view_personal_data", "Can see names and addresses in the billing admin"),
            ("resync_customer", "Can read customers again from the provider"),
            ("link_customer", "Can link customers to subscribers, and unlink them"),
            ("open_customer_portal", "Can open the portal as a customer"),
        ]


class Member(MirroredModel):
    """A person in a customer. `user` is who that is here, once known."""

    customer = mirrored_key("polar_django.Customer", "members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="polar_members",
    )
    external_id = ExactCharField(max_length=255, null=True, blank=True)
    email = models.CharField(max_length=320, null=True, blank=True)
    name = models.CharField(max_length=500, null=True, blank=True)
    role = models.CharField(max_length=32, default="member")
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # The order in which the provider lists them, for `mirror.reconcile`.
        indexes = [
            models.Index(fields=["provider", "created_at"], name="polar_member_listed"),
            models.Index(fields=["email"], name="polar_member_email"),
        ]


class CustomerMeter(MirroredModel):
    """One customer's use of one meter, in the meter's units; `balance` may be negative."""

    customer = mirrored_key("polar_django.Customer", "meters")
    meter = mirrored_key("polar_django.Meter", "customer_meters")
    consumed_units = models.FloatField(default=0.0)
    credited_units = models.BigIntegerField(default=0)
    balance = models.FloatField(default=0.0)

    objects = CustomerMeterQuerySet.as_manager()
