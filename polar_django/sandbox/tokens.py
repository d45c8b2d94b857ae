"""Tokens that look like Polar's: a prefix, random letters, and a checksum."""

import secrets
import string
import zlib

__all__ = [
    "CHECKOUT",
    "CHECKOUT_LINK",
    "CUSTOMER_SESSION",
    "EMAIL_CHANGE",
    "INVITATION",
    "MEMBER_SESSION",
    "make_token",
    "short_id",
]

CHECKOUT = "polar_c_"
CHECKOUT_LINK = "polar_cl_"
CUSTOMER_SESSION = "polar_cst_"
MEMBER_SESSION = "polar_mst_"
INVITATION = "polar_sit_"
EMAIL_CHANGE = "polar_ceu_"

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def make_token(prefix: str) -> str:
    """`prefix`, 37 random letters and digits, and their CRC32 as six digits of base 62."""
    random_part = "".join(secrets.choice(ALPHABET) for _ in range(37))
    checksum = zlib.crc32(random_part.encode())
    digits = ""
    for _ in range(6):
        checksum, digit = divmod(checksum, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return prefix + random_part + digits


def short_id() -> str:
    """Ten random capital letters: a customer's part of an invoice number."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(10))
