"""What is known about a subscriber, as a file; and forgetting them.

`export_subscriber(subscriber)` is everything this app keeps; `billing.export_customer` what the
provider keeps. `erase_subscriber(subscriber)` has both forget the person.
"""

from polar_django.privacy.erasing import Erased, erase_subscriber
from polar_django.privacy.exporting import export_subscriber

__all__ = ["Erased", "erase_subscriber", "export_subscriber"]
