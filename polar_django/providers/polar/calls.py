"""A call to Polar, and its reply as what was observed. What every group of calls stands on."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from polar_django.conf import Settings
from polar_django.exceptions import MalformedPayload, ProviderUnavailable
from polar_django.providers.base import Page, Provider
from polar_django.providers.polar.answers import answered_at, object_in, total_in
from polar_django.providers.polar.client import PolarClient
from polar_django.providers.polar.connection import transport_for
from polar_django.providers.polar.parsing import PARSERS
from polar_django.providers.transport import Reply
from polar_django.snapshots import Answer

__all__ = ["PolarCalls"]


class PolarCalls(Provider):
    """The client, and the reading of its replies."""

    name = "polar"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def client(self) -> PolarClient:
        """The API itself. Raises ConfigurationError where the settings do not suffice."""
        return PolarClient(transport_for(self._settings))

    def _get(self, kind: str, object_id: str) -> Answer:
        return self._answer(kind, self.client.get(kind, object_id))

    def _update(self, kind: str, object_id: str, body: Mapping[str, Any]) -> Answer:
        return self._answer(kind, self.client.update(kind, object_id, body))

    def read_reply(self, kind: str, reply: Reply, items: list[Any]) -> Answer:
        """Objects of a kind in a reply, as what was observed. Raises ProviderUnavailable."""
        return self._page(kind, reply, items)

    def _answer(self, kind: str, reply: Reply) -> Answer:
        return self._page(kind, reply, [object_in(reply)])

    def _page(self, kind: str, reply: Reply, items: list[Any]) -> Page:
        """Every item must be readable: a list with one left out would tell that it is gone."""
        if not all(isinstance(item, dict) for item in items):
            raise ProviderUnavailable(f"An answer about {kind} holds what is no object.")
        try:
            seen = tuple(found for item in items for found in PARSERS[kind](item))
        except MalformedPayload as error:
            raise ProviderUnavailable(
                f"An answer about {kind} has an object without id."
            ) from error
        return Answer(
            provider=self.name,
            answered_at=answered_at(reply, seen),
            observations=seen,
            total=total_in(reply),
            took=reply.took,
        )
