"""What can be asked of a provider to find out why it refuses: token, scopes, organization, clock.

For operators: `polar_doctor` asks, nobody else.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Account", "Diagnosis", "MissingScope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose the token is: the organizations it sees, and what the server's clock shows.

    `server_date` is the real time there, to the second, also of a sandbox whose own clock was
    moved; None where the server does not tell it.
    """

    organization_ids: tuple[str, ...]
    server_date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingScope:
    """A right that the token lacks. `needed_for` finishes the sentence "without it, nobody can …";
    `is_vital` where no mirror or no purchase works without it."""

    name: str
    needed_for: str
    is_vital: bool


class Diagnosis(ABC):
    """Questions that change nothing at the provider. Each raises ProviderError and its kin."""

    @abstractmethod
    def account(self) -> Account:
        """Whose the token is. Raises AuthenticationFailed for one that is not known. One call."""

    @abstractmethod
    def missing_scopes(self) -> tuple[MissingScope, ...]:
        """The scopes that the token lacks. About one call for each that this package uses."""

    @abstractmethod
    def server_of_token(self) -> str:
        """The name of another server that knows this token, "" where none does. One call a
        server, and none where SERVER is an address."""
