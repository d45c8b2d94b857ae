"""How far a walk through the provider's lists has come."""

from django.db import models


class Walk(models.Model):
    """One long read of the provider, which a killed worker or a time-out may interrupt.

    It goes on at page `page` of `kind`. `boundary` is where the page before ended in the list's
    own order, `carry` the ids that stand on it; `report` counts what was found so far, by kind.
    `leased_until` keeps two workers from walking at once. Only `polar_django.mirror` writes it.
    """

    class Purpose(models.TextChoices):
        BACKFILL = "backfill"
        RECONCILE = "reconcile"

    provider = models.CharField(max_length=20)
    purpose = models.CharField(max_length=16, choices=Purpose)
    kind = models.CharField(max_length=32, blank=True, default="")
    page = models.PositiveIntegerField(default=1)
    boundary = models.CharField(max_length=255, blank=True, default="")
    carry = models.JSONField(default=list, blank=True)
    report = models.JSONField(default=dict, blank=True)
    is_quiet = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "purpose"], name="polar_walk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.provider}"
