"""`PROCESS_INLINE`: the worker's work, done in this process after commit.

For development, tests and sites without a broker. Where beat does not run either, a delivery or a
receiver that failed is tried again with the next delivery after it is due. No provider is called
here, where somebody waits for a response: what would have to be asked for is logged and left to
reconcile.
"""

import logging
from datetime import datetime

from django.utils import timezone

from polar_django import outbox
from polar_django.webhooks import processing

__all__ = ["work_off"]

logger = logging.getLogger(__name__)

# So few at once, because a receiver may take seconds, and somebody waits.
_NEWS = 5


def work_off(*, until: datetime | None = None) -> None:
    """Process whatever is due, and send whatever is due. Stops early at `until`. Never raises."""
    try:
        while (progress := processing.drain()).claimed:
            _tell(progress)
            if until is not None and timezone.now() >= until:
                break
        outbox.send_all(until=until, batch=_NEWS)
    except Exception:
        logger.exception("Inline processing failed; what is due stays due.")


def _tell(progress: processing.Progress) -> None:
    for _, customer_id in sorted(progress.customers_to_read):
        logger.info("The state of customer %s contradicts the mirror; reconcile.", customer_id)
    for _, table, key in sorted(progress.unsettled):
        logger.info("Two versions of %s %s are too close to order; reconcile.", table, key)
