"""Whether a body names somebody: by an address or an id, as a whole and no part of a longer one."""

import re
from collections.abc import Callable, Iterable

__all__ = ["names_any_of"]

# What an address goes on with to the left: ann@x.com is not in joann@x.com, o'ann@x.com is another.
# An escape of JSON that ends in a letter, as the line's end in "to:\nann@x.com", is no part of it.
_ESCAPE = rb"(?<=\\[bfnrt])|(?<=\\u00[0-7][0-9a-f])"
_LEFT_OF_ADDRESS = rb"(?:(?<![0-9a-z._%+\-\x80-\xff])(?<![0-9a-z]')|" + _ESCAPE + rb")"
# To the right a full stop may end the sentence, or go on with the domain.
_RIGHT_OF_ADDRESS = rb"(?!-*[0-9a-z_\x80-\xff]|\.[0-9a-z\x80-\xff])"
_LEFT_OF_ID = rb"(?:(?<![0-9a-z_\-])|" + _ESCAPE + rb")"
_RIGHT_OF_ID = rb"(?![0-9a-z_\-])"


def names_any_of(texts: Iterable[str]) -> Callable[[bytes], bool]:
    """A test of bodies: does it hold one of these addresses or ids, whole, in any case?

    Empty texts are in none. The pattern is tried only where the bytes are found at all.
    """
    wanted = [(text.encode().lower(), _pattern_of(text)) for text in texts if text]

    def names(body: bytes) -> bool:
        content = body.lower()
        return any(part in content and whole.search(content) for part, whole in wanted)

    return names


def _pattern_of(text: str) -> re.Pattern[bytes]:
    plain = re.escape(text.encode().lower())
    if "@" in text:
        return re.compile(_LEFT_OF_ADDRESS + plain + _RIGHT_OF_ADDRESS)
    return re.compile(_LEFT_OF_ID + plain + _RIGHT_OF_ID)
