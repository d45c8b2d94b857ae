"""What every mirrored table shares."""

from django.db import models

from polar_django.models.fields import ProviderIdField


class MirroredModel(models.Model):
    """A provider's object as we last knew it. Only `polar_django.mirror` writes these rows.

    `as_of` is the provider's clock when this content was true, the order of versions; null where
    the object has only been seen reduced, within another. `raw` is the whole object.
    """

    id = ProviderIdField(primary_key=True)
    provider = models.CharField(max_length=20)
    created_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField()
    raw = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
