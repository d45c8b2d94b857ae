"""The outbox: what the mirror changed, told to the project.

The mirror writes a `Transition` in the transaction of its change; here it is sent, as a signal of
`polar_django.signals` or to the `@on` handlers of its event type.
"""

from polar_django.outbox.replaying import replay
from polar_django.outbox.sending import send_all, send_due

__all__ = ["replay", "send_all", "send_due"]
