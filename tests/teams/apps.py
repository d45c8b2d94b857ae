from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """A subscriber that is not a user, as many projects have one."""

    name = "tests.teams"
    default_auto_field = "django.db.models.BigAutoField"
