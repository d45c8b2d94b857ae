import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, **values: Any) -> "Person":
        person = self.model(email=self.normalize_email(email), **values)
        person.set_unusable_password()
        person.save()
        return person


class Person(AbstractBaseUser):
    """A key that is no number, no user name, no full name, nobody staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
