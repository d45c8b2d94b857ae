"""The app `polar_django`."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from polar_django import checks


class PolarDjangoConfig(AppConfig):
    name = "polar_django"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register_all()
        autodiscover_modules("polar_handlers")
