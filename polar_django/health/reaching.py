"""Whether the provider answers, and whether its endpoint leads here and takes all events.

Asked for, at most once a minute by each process, and with little patience: who asks is a monitor,
or somebody who wants to know now. While one asks, others are told the last answer.
"""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from threading import Lock

from django.urls import NoReverseMatch
from django.utils import timezone

from polar_django.conf import Settings, get_settings
from polar_django.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    PolarDjangoError,
    ProviderUnavailable,
)
from polar_django.health.figures import ReachedProvider
from polar_django.providers.base import Capability, Provider
from polar_django.providers.endpoints import WebhookEndpoint, WebhookEndpoints
from polar_django.providers.registry import get_provider, known_providers
from polar_django.queues.retries import describe
from polar_django.webhooks.endpoints import faults_of, is_trusted, leading_here

__all__ = ["Memory", "last_answers", "reach_providers"]

_FRESH = timedelta(minutes=1)
# Seconds for each phase of a call: what takes longer than that is a fault by itself.
_PATIENCE = 3.0


class Memory:
    """What the providers answered, for a minute, and the connections that they were asked by.

    In the process and not in the project's cache: that one may be what is broken.
    """

    def __init__(self) -> None:
        self.asking = Lock()
        self.answers: dict[str, ReachedProvider] = {}
        self.impatient: dict[str, tuple[Settings, Provider]] = {}

    def provider(self, name: str) -> Provider:
        """The provider with a shorter time-out. Raises ConfigurationError."""
        settings = get_settings()
        held = self.impatient.get(name)
        if held is None or held[0] is not settings:
            hurried = dataclasses.replace(
                settings, request_timeout=min(settings.request_timeout, _PATIENCE)
            )
            options = settings.providers.get(name, {})
            made = type(get_provider(name)).from_settings(hurried, options)
            held = self.impatient[name] = settings, made
        return held[1]


_memory = Memory()


def reach_providers() -> tuple[ReachedProvider, ...]:
    """Each configured provider, asked now where the last answer is older than a minute.

    One call each, of about six seconds at most. Never raises.
    """
    if _memory.asking.acquire(blocking=False):
        try:
            for name in _configured():
                held = _memory.answers.get(name)
                if held is None or timezone.now() - held.asked_at > _FRESH:
                    _memory.answers[name] = _ask(name)
        finally:
            _memory.asking.release()
    return last_answers()


def last_answers() -> tuple[ReachedProvider, ...]:
    """What they answered last, however long ago. No calls."""
    return tuple(_memory.answers[name] for name in _configured() if name in _memory.answers)


def _configured() -> list[str]:
    settings = get_settings()
    wanted = {settings.default_provider, *settings.providers}
    return [name for name in known_providers() if name in wanted]


def _ask(name: str) -> ReachedProvider:
    try:
        provider = _memory.provider(name)
        if Capability.WEBHOOK_ENDPOINTS in provider.capabilities:
            return _ask_for_endpoints(provider)
        if Capability.DIAGNOSIS in provider.capabilities:
            provider.diagnosis().account()
    except Exception as error:
        # A provider of the project's own may raise anything, and this page is looked at just then.
        return _unreached(name, error)
    return _answered(name)


def _ask_for_endpoints(provider: Provider) -> ReachedProvider:
    service = provider.webhook_endpoints()
    try:
        endpoints = service.all()
    except AuthenticationFailed as error:
        if error.status != 403:
            raise
        # It is there, and knows the token, which may only not look at endpoints.
        return dataclasses.replace(_answered(provider.name), error=str(error))
    try:
        ours = leading_here(endpoints, provider)
    except NoReverseMatch:
        ours = []
    return dataclasses.replace(
        _answered(provider.name),
        endpoint_is_known=True,
        endpoints=tuple(endpoint.url for endpoint in ours),
        endpoint_faults=tuple(_faults(provider, ours, service)),
    )


def _faults(
    provider: Provider, ours: Sequence[WebhookEndpoint], service: WebhookEndpoints
) -> list[str]:
    """What is wrong with the first that leads here: enabled ones come first."""
    if not ours:
        return ["no endpoint leads here"]
    faults = faults_of(ours[0], service)
    if ours[0].is_enabled and is_trusted(provider, ours[0]) is False:
        faults.append("its secret is none of those configured here")
    return faults


def _answered(name: str) -> ReachedProvider:
    return ReachedProvider(provider=name, asked_at=timezone.now(), is_reachable=True)


def _unreached(name: str, error: Exception) -> ReachedProvider:
    """No answer, or a refusal, which is one."""
    is_reachable = isinstance(error, PolarDjangoError) and not isinstance(
        error, ProviderUnavailable | ConfigurationError
    )
    return ReachedProvider(
        provider=name,
        asked_at=timezone.now(),
        is_reachable=is_reachable,
        is_refused=is_reachable,
        error=describe(error),
    )
