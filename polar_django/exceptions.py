"""Everything this package raises, as one tree.

PolarDjangoError
├── ConfigurationError          a setting is wrong or missing (also an ImproperlyConfigured)
│   └── UnknownPlan             a plan key that the settings do not name
├── SignatureError              a webhook that cannot be trusted
├── MalformedPayload            signed, but not what the provider promises to send
├── CatalogError                a catalogue file, or what stands at the provider, does not do
├── CustomerConflict            the e-mail or id already belongs to another customer
├── ForeignObject               an object that belongs to another subscriber or provider
├── UnsafeTransaction           a provider call that would deadlock on the caller's own transaction
├── NotSupported                this provider cannot do that
└── ProviderError               the provider refused, or could not be reached
    ├── ProviderUnavailable     no answer, a 5xx, or an answer that cannot be read: try again later
    │   └── RateLimited         429; `retry_after` says how many seconds to wait
    ├── AuthenticationFailed    401 or 403: the token is wrong or lacks a scope
    ├── ObjectNotFound          404
    ├── InvalidRequest          422; `errors` holds the provider's list
    ├── PaymentFailed           402
    └── ActionRefused           400, 403, 409, 410, 412: a rule of the provider; `code` names it

No message carries a token, a request body or an e-mail address.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured

__all__ = [
    "ActionRefused",
    "AuthenticationFailed",
    "CatalogError",
    "ConfigurationError",
    "CustomerConflict",
    "ForeignObject",
    "InvalidRequest",
    "MalformedPayload",
    "NotSupported",
    "ObjectNotFound",
    "PaymentFailed",
    "PolarDjangoError",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "SignatureError",
    "UnknownPlan",
    "UnsafeTransaction",
]


class PolarDjangoError(Exception):
    """The root: catch this to catch everything of ours."""


class ConfigurationError(PolarDjangoError, ImproperlyConfigured):
    """A setting is missing or wrong; the message says which, and what to write."""


class UnknownPlan(ConfigurationError):
    """A plan key that `POLAR_DJANGO["PLANS"]` does not name."""


class SignatureError(PolarDjangoError):
    """A webhook whose headers are malformed, too old, too new, or not signed by a known secret."""


class MalformedPayload(PolarDjangoError):
    """A trusted message that is no JSON object, or whose object has no id."""


class CatalogError(PolarDjangoError):
    """A catalogue that cannot be read, or cannot be made to stand; the message names the table."""


class CustomerConflict(PolarDjangoError):
    """The provider already has a customer with this e-mail, and linking it would not be safe."""


class ForeignObject(PolarDjangoError):
    """An id that belongs to another provider or another subscriber than the caller's."""


class UnsafeTransaction(PolarDjangoError):
    """A call to a sandbox in this process, within a transaction that holds the database's lock."""


class NotSupported(PolarDjangoError):
    """The provider has no such feature; see its `capabilities`."""


class ProviderError(PolarDjangoError):
    """The provider answered with an error, or not at all.

    `status` is the HTTP status (None without an answer), `code` the provider's own name for the
    error ("AlreadyCanceledSubscription"), "" where it has none. `answered_at` is when it answered,
    on its own clock, None where it did not say, `took` how long the call lasted.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.answered_at: datetime | None = None
        self.took = timedelta()


class ProviderUnavailable(ProviderError):
    """No answer, a server error, or an unreadable answer. The call may have had its effect."""


class RateLimited(ProviderUnavailable):
    """429. `retry_after` is in seconds, None where the provider does not say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, status=429)
        self.retry_after = retry_after


class AuthenticationFailed(ProviderError):
    """The access token is unknown, expired, of another server, or lacks a scope."""


class ObjectNotFound(ProviderError):
    """The provider has no such object, or this token may not see it."""


class InvalidRequest(ProviderError):
    """The provider did not accept the values sent.

    `errors` is its own list: mappings with at least `loc` (path) and `msg`.
    """

    def __init__(
        self, message: str, *, code: str = "", errors: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message, status=422, code=code)
        self.errors = tuple(errors)


class PaymentFailed(ProviderError):
    """The charge was refused; nothing was changed at the provider."""


class ActionRefused(ProviderError):
    """The values were fine, but the object's state does not allow the action; `code` says why."""
