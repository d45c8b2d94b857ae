from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """A user model as far from Django's own as it may be."""

    name = "tests.people"
