"""Whether the providers that the settings name are ones that can do what is asked of them."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error

from polar_django.conf import Settings
from polar_django.exceptions import ConfigurationError
from polar_django.providers.registry import load_provider_class

__all__ = ["access_messages", "registration_messages"]


def registration_messages(settings: Settings) -> Iterator[CheckMessage]:
    """Whether each entry of `PROVIDERS` is one that the registry takes. Imports their classes."""
    for name in settings.providers:
        try:
            load_provider_class(name)
        except ConfigurationError as error:
            yield Error(
                f"POLAR_DJANGO['PROVIDERS'][{name!r}] registers nothing: {error}",
                hint="Its CLASS is the dotted path of a polar_django.providers.base.Provider.",
                id="polar_django.E016",
            )


def access_messages(settings: Settings) -> Iterator[CheckMessage]:
    """Whether each entry of `ACCESS` is about a provider that the policy can be asked for."""
    for name in settings.access:
        try:
            # By its word: the class of capabilities loads with the first provider.
            reason = (
                "has grants of its own, so that nothing asks the policy"
                if "grants" in load_provider_class(name).capabilities
                else ""
            )
        except ConfigurationError:
            reason = "is no provider that is registered"
        if reason:
            yield Error(
                f"POLAR_DJANGO['ACCESS'][{name!r}] has no effect: {name!r} {reason}.",
                hint="It is for providers of your own that know subscriptions but no grants.",
                id="polar_django.E017",
            )
