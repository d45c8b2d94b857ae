"""News for the project, in the past tense: sent after commit, from the worker.

Every signal is sent for one row of the `Transition` outbox, whoever caused the change: a delivery,
a verb, the return page, reconcile or a local grant. A receiver that raises is retried alone, and
shown as dead if it never succeeds; the mirror's write stands. At least once: a receiver must bear
to be called twice with the same `transition`. One that takes longer than five minutes is called a
second time while it runs: leave long work to a task of your own.

| signal | sender | sent when |
|---|---|---|
| `benefit_granted` | `BenefitGrant` | a grant begins to give access |
| `benefit_revoked` | `BenefitGrant` | a grant stops giving access |
| `subscription_activated` | `Subscription` | it becomes active or trialing |
| `subscription_canceled` | `Subscription` | it will not renew; access lasts until it is revoked |
| `subscription_revoked` | `Subscription` | it ended |
| `order_paid` | `Order` | it is paid; free and trial orders are paid with an amount of 0 |
| `order_refunded` | `Order` | more of it has been refunded |
| `customer_linked` | `Customer` | the customer was linked to a subscriber |
| `webhook_processed` | `WebhookDelivery` | a delivery was processed |

Keyword arguments: `instance` (the row as it is when the signal is sent, None if it is gone),
`subscriber` (None while unclaimed) and `transition`. News of one object comes in order, but a
receiver that failed is called again after what came later: act on what `instance` is now.
"""

from django.dispatch import Signal

__all__ = [
    "benefit_granted",
    "benefit_revoked",
    "customer_linked",
    "order_paid",
    "order_refunded",
    "subscription_activated",
    "subscription_canceled",
    "subscription_revoked",
    "webhook_processed",
]

benefit_granted = Signal()
benefit_revoked = Signal()
subscription_activated = Signal()
subscription_canceled = Signal()
subscription_revoked = Signal()
order_paid = Signal()
order_refunded = Signal()
customer_linked = Signal()
webhook_processed = Signal()
