"""Usage events: the project's own, and the system's notes beside them."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.customers import Customer, Member


class UsageEvent(Row):
    """`created_at` is when it was ingested, `timestamp` when it happened.

    `source` is "user" for what was ingested, "system" for meter.credited and meter.reset. Without a
    customer, `external_customer_id` waits for one to have that id.
    """

    timestamp = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=128)
    source = models.CharField(max_length=8, default="user")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="usage_events")
    external_customer_id = models.CharField(max_length=255, null=True, db_index=True)
    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="usage_events")
    external_member_id = models.CharField(max_length=255, null=True)
    external_id = models.CharField(max_length=255, null=True, unique=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    metadata = models.JSONField(default=dict)
