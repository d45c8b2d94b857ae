"""What is known about somebody, as a file; and forgetting them.

`export_subscriber(subscriber)` is everything this app keeps; `billing.export_customer` what the
provider keeps. `erase_subscriber(subscriber)` has both forget the person. `export_unclaimed` and
`erase_unclaimed` take a customer whom nobody here is linked to, and `erase_places(user)` forgets
the places in teams that a user no longer has.
"""

from polar_django.mirror.erasing import erase_places
from polar_django.privacy.erasing import Erased, erase_subscriber, erase_unclaimed
from polar_django.privacy.exporting import export_subscriber, export_unclaimed

__all__ = [
    "Erased",
    "erase_places",
    "erase_subscriber",
    "erase_unclaimed",
    "export_subscriber",
    "export_unclaimed",
]
