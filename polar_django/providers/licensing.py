"""The license keys of a provider: what programs ask of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from polar_django.snapshots import Answer

__all__ = ["KeyValue", "LicenseActivation", "LicenseKeys"]

KeyValue = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseActivation:
    """One place that a key is used in: a machine, an installation.

    `meta` is what was said of it when it was activated.
    """

    id: str
    license_key_id: str
    label: str = field(default="", repr=False)
    meta: Mapping[str, KeyValue] = field(default_factory=dict, repr=False)
    created_at: datetime | None = None


class LicenseKeys(ABC):
    """Each call raises ProviderError and its kin; ObjectNotFound for a key that is not valid."""

    @abstractmethod
    def read(self, key_id: str) -> Answer:
        """A key as it is now, by its id; the key itself is in the snapshot. One call."""

    @abstractmethod
    def validate(
        self,
        key: str,
        *,
        customer_id: str = "",
        benefit_id: str = "",
        activation_id: str = "",
        conditions: Mapping[str, KeyValue] | None = None,
        increment_usage: int = 0,
    ) -> tuple[Answer, LicenseActivation | None]:
        """The key, where it is good for all that is given. Counted. Raises ActionRefused for more
        usage than is left. One call."""

    @abstractmethod
    def activate(
        self,
        key: str,
        label: str,
        *,
        conditions: Mapping[str, KeyValue] | None = None,
        meta: Mapping[str, KeyValue] | None = None,
    ) -> tuple[Answer, LicenseActivation]:
        """Take one of its places. Not safe to repeat. Raises ActionRefused where none is left, or
        the key is not good. One call."""

    @abstractmethod
    def deactivate(self, key: str, activation_id: str) -> None:
        """Free a place. Raises ObjectNotFound for one that is free. One call."""

    @abstractmethod
    def rotate(self, key_id: str) -> Answer:
        """A new key instead of this one; the id stays. Raises ActionRefused. One call."""
