"""The one rule that every gate asks, and the answers a refused request gets."""

from polar_django.gating.decision import (
    Decision,
    Reason,
    decide,
    decide_subscription,
    entitlements_of,
)
from polar_django.gating.refusal import refuse

__all__ = ["Decision", "Reason", "decide", "decide_subscription", "entitlements_of", "refuse"]
