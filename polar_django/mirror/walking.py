"""Reading long lists of a provider that may be slow, busy or down for a while.

Each page is asked for again, later each time, and exactly when the provider says so; after a "too
many requests" the pace stays lower. A list goes on at the page that failed.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    NotSupported,
    ObjectNotFound,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.providers.base import Capability, Page, Provider

__all__ = ["Patience", "pages"]

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# What gates and verbs do without: a token need not be allowed to list it.
_OPTIONAL = frozenset(
    {
        "customer_meters",
        "customer_seats",
        "discounts",
        "license_keys",
        "members",
        "meters",
        "refunds",
    }
)


@dataclass(slots=True)
class Patience:
    """How long to bear with a provider: `attempts` at each call, in all until `until`.

    Waits are in seconds and double up to `longest`, unless the provider names one. `until` is on
    `time.monotonic`'s clock. `pace` is waited before every call, and grows with each refusal for
    being too many. `waited` counts the seconds spent. `has_met` notes that the provider is known to
    be of the mirrored organization (`organizations`).
    """

    attempts: int = 8
    longest: float = 60.0
    until: float | None = None
    pace: float = 0.0
    waited: float = 0.0
    has_met: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.until is not None and time.monotonic() >= self.until

    def call(self, function: Callable[..., Result], *args: Any, **options: Any) -> Result:
        """What the call returns. Raises ProviderUnavailable when patience is at its end."""
        attempt = 0
        while True:
            attempt += 1
            self.rest()
            try:
                return function(*args, **options)
            except ProviderUnavailable as error:
                self.bear(error, attempt)

    def bear(self, error: ProviderUnavailable, attempt: int) -> None:
        """Wait after that many failures in a row. Raises the error where that is too much."""
        delay = float(min(2 ** (attempt - 1), self.longest))
        if isinstance(error, RateLimited):
            delay = delay if error.retry_after is None else error.retry_after
            self.pace = min(max(self.pace * 2, 0.2), 5.0)
        is_late = self.until is not None and time.monotonic() + delay > self.until
        if attempt >= self.attempts or is_late:
            raise error
        logger.warning("The provider is busy or away; waiting %.0f s: %s", delay, error)
        self._sleep(delay)

    def rest(self) -> None:
        """Keep the pace: what is waited before every call."""
        self._sleep(self.pace)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
            self.waited += seconds


def pages(
    provider: Provider,
    kind: str,
    patience: Patience,
    filters: Mapping[str, str] | None = None,
    *,
    start_page: int = 1,
) -> Iterator[tuple[int, Page]]:
    """Each page of a list with its number.

    Raises NotSupported where the provider has no such list, or refuses to give us one that few
    need; ObjectNotFound where it does not know the parent whose list it is (`filters`); else
    ProviderError; ProviderUnavailable only when patience is at its end.
    """
    if kind == "benefit_grants" and Capability.GRANTS not in provider.capabilities:
        # Its grants are derived here: a list without them would tell that they are no more.
        raise NotSupported(f"{provider.name} has no grants.")
    number, failures = start_page, 0
    while True:
        query: dict[str, Any] = dict(filters or {})
        if number > 1:
            query["start_page"] = number
        listed = provider.list_objects(kind, **query)
        try:
            patience.rest()
            for page in listed:
                yield number, page
                number, failures = number + 1, 0
                patience.rest()
        except ProviderUnavailable as error:
            failures += 1
            patience.bear(error, failures)
        except ObjectNotFound:
            if filters:
                logger.warning("The provider does not know whose %s these are: %s", kind, filters)
            raise
        except (AuthenticationFailed, ActionRefused) as error:
            if error.status != HTTPStatus.FORBIDDEN or kind not in _OPTIONAL:
                raise
            # A walk that ended here would begin here again, and never come to what follows.
            logger.warning("%s are left out, the provider refuses them: %s", kind, error)
            raise NotSupported(f"The provider refuses to list {kind}.") from error
        else:
            return
