"""When the periodic tasks last ran."""

from django.db import models

from polar_django.models.fields import ProviderIdField


class Heartbeat(models.Model):
    """The last time that a periodic task began: proof that beat, broker and worker are alive.

    Only `polar_django.heartbeats` writes it.
    """

    name = ProviderIdField(max_length=64, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%Y-%m-%d %H:%M:%S}"
