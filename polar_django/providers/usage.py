"""Usage on its way to a provider's meters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["IngestedUsage", "UsageFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFact:
    """One event as the provider is told it, of a customer named by its id or by ours.

    A provider stores one `external_id` once, however often it is sent. A member is named beside a
    `customer_id` by `member_id`, beside an `external_customer_id` by `external_member_id`.
    """

    name: str
    external_id: str
    timestamp: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    customer_id: str = ""
    external_customer_id: str = ""
    member_id: str = ""
    external_member_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedUsage:
    """What became of a batch. All of it is stored now, or nothing, because of the `refused`.

    `duplicates` were known before. `refused` maps the place of an event in the batch to the fields
    that were not accepted. `answered_at` is on the provider's clock.
    """

    answered_at: datetime
    inserted: int = 0
    duplicates: int = 0
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
