"""Settings: one dict, `POLAR_DJANGO`, read once into a typed, frozen object.

A misspelt key, a wrong type or a plan without products is an error that says what to write.
"""

from polar_django.conf.access import AccessPolicy
from polar_django.conf.beat import beat_schedule
from polar_django.conf.plans import Plan
from polar_django.conf.project import Settings, get_settings, subscriber_model

__all__ = ["AccessPolicy", "Plan", "Settings", "beat_schedule", "get_settings", "subscriber_model"]
