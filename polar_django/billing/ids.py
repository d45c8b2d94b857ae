"""Ids that come from an address, where anything may stand."""

__all__ = ["LONGEST_ID", "may_be_an_id"]

# As our columns for a provider's ids have it.
LONGEST_ID = 255


def may_be_an_id(text: str) -> bool:
    """Whether the database may be asked for it. PostgreSQL refuses a NUL even in a comparison."""
    return 0 < len(text) <= LONGEST_ID and text.isprintable()
