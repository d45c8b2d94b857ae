"""Who buys: from a request to a subscriber, and from a subscriber to what a provider is told of it.

The subscriber is the project's own object: a user by default, a team where `SUBSCRIBER_MODEL`
says so. `external_id` at the provider is its primary key as text, behind `EXTERNAL_ID_PREFIX`.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist, ValidationError
from django.db.models import Model
from django.http import HttpRequest

from polar_django.conf import get_settings, subscriber_model
from polar_django.exceptions import ConfigurationError

__all__ = [
    "Profile",
    "can_manage_billing",
    "email_is_verified",
    "external_id_of",
    "find_subscriber",
    "is_same_address",
    "is_subscriber",
    "primary_key_in",
    "profile_of",
    "resolve_subscriber",
    "subscriber_class",
]


_BY_KEY = "pk="
_BY_NAME = "name="


@dataclass(frozen=True, slots=True)
class Profile:
    """What the provider is told of a subscriber. `email` may be "" where none is known."""

    email: str
    name: str


def subscriber_class() -> type[Model]:
    """The model named by `SUBSCRIBER_MODEL`, the user model by default."""
    return apps.get_model(subscriber_model())


def find_subscriber(text: str) -> Any | None:
    """The subscriber with that key, or the user who signs in with that name; None if neither.

    What somebody types who knows one or the other; "pk=7" and "name=7" say which it is. Raises
    MultipleObjectsReturned where it is the key of one and the name of another. Two queries.
    """
    if text.startswith(_BY_KEY):
        return _with_key(text.removeprefix(_BY_KEY))
    if text.startswith(_BY_NAME):
        return _with_name(text.removeprefix(_BY_NAME))
    keyed, named = _with_key(text), _with_name(text)
    if keyed is not None and named is not None and keyed.pk != named.pk:
        raise MultipleObjectsReturned(
            f"{text!r} is the key of {keyed} and the name of another, whose key is {named.pk}. "
            f"Write {_BY_KEY}{text} or {_BY_NAME}{text}."
        )
    return named if keyed is None else keyed


def _with_key(text: str) -> Any | None:
    try:
        return subscriber_class()._default_manager.get(pk=text)
    except (ObjectDoesNotExist, ValidationError, ValueError, OverflowError):
        return None


def _with_name(text: str) -> Any | None:
    manager: Any = subscriber_class()._default_manager
    try:
        return manager.get_by_natural_key(text)
    except (AttributeError, ObjectDoesNotExist):
        return None


def is_same_address(one: str | None, other: str | None) -> bool:
    """Whether two e-mail addresses are one: the same but for the capitals of A to Z.

    `__iexact` finds more: on MySQL "é" is an "e", on PostgreSQL the Turkish i without a dot is an
    "i", and either makes a domain that somebody else may own.
    """
    # bytes.lower() knows the letters of ASCII only.
    return bool(one and other) and str(one).encode().lower() == str(other).encode().lower()


def is_subscriber(something: Any) -> bool:
    """Whether this is one of those that buy."""
    return isinstance(something, subscriber_class())


def resolve_subscriber(request: HttpRequest) -> Any | None:
    """The one that buys in this request, None for a visitor.

    Asks `SUBSCRIBER_RESOLVER`, of a visitor not even that; by default it is the signed-in user. A
    project whose subscribers are not users must set it, else ConfigurationError.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    if resolver := get_settings().load("subscriber_resolver"):
        return resolver(request)
    if not isinstance(user, subscriber_class()):
        raise ConfigurationError(
            f"Subscribers are {subscriber_model()}, so POLAR_DJANGO['SUBSCRIBER_RESOLVER'] must "
            "name a function that takes the request and returns one."
        )
    return user


def profile_of(subscriber: Any) -> Profile:
    """E-mail and name, from `SUBSCRIBER_PROFILE` (subscriber → mapping with both) or the user."""
    if profile := get_settings().load("subscriber_profile"):
        given = profile(subscriber)
        return Profile(email=given.get("email") or "", name=given.get("name") or "")
    full_name = getattr(subscriber, "get_full_name", None)
    # A user model may keep it elsewhere; a team's is `email`, where it has one.
    field = getattr(subscriber, "get_email_field_name", lambda: "email")()
    return Profile(
        email=getattr(subscriber, field, "") or "",
        name=(full_name() if full_name else str(getattr(subscriber, "name", ""))) or "",
    )


def email_is_verified(subscriber: Any) -> bool:
    """Whether the project has verified this address (`EMAIL_VERIFIED`); no by default.

    Asked of subscribers, and of users who may hold a seat.
    """
    verified = get_settings().load("email_verified")
    return bool(verified(subscriber)) if verified else False


def can_manage_billing(request: HttpRequest, subscriber: Any) -> bool:
    """Whether this request may buy and manage for that subscriber.

    `CAN_MANAGE_BILLING` decides; by default only a user for themselves, so that a team whose
    project set nothing is refused.
    """
    if allowed := get_settings().load("can_manage_billing"):
        return bool(allowed(request, subscriber))
    return subscriber is not None and getattr(request, "user", None) == subscriber


def external_id_of(subscriber: Any) -> str:
    """The subscriber's primary key as text, behind the configured prefix."""
    return f"{get_settings().external_id_prefix}{subscriber.pk}"


def primary_key_in(external_id: str | None, model: type[Model] | None = None) -> Any | None:
    """The primary key an external id stands for (a subscriber's, or of `model`).

    None where it cannot be one of ours: "007" is not the id of subscriber 7.
    """
    prefix = get_settings().external_id_prefix
    if not external_id or not external_id.startswith(prefix):
        return None
    text = external_id.removeprefix(prefix)
    try:
        value = (model or subscriber_class())._meta.pk.clean(text, None)
    except (ValidationError, ValueError, OverflowError):
        return None
    return value if str(value) == text else None
