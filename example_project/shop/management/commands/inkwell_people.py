"""The two people who can sign in to the demo. Their password is "inkwell"."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

PEOPLE = (("ada", "Ada", "Lovelace"), ("grace", "Grace", "Hopper"))


class Command(BaseCommand):
    help = "Make Ada and Grace, who can sign in to the demo, unless they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        people = get_user_model()._default_manager
        for username, first_name, last_name in PEOPLE:
            if not people.filter(username=username).exists():
                people.create_user(
                    username,
                    f"{username}@example.com",
                    "inkwell",
                    first_name=first_name,
                    last_name=last_name,
                )
