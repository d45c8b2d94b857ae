"""The sequences that many changes bring, for a product with two benefits."""

RENEWED = [
    "subscription.cycled",
    "subscription.updated",
    "order.created",
    "order.updated",
    "order.paid",
    "benefit_grant.cycled",
    "benefit_grant.cycled",
    "customer.state_changed",
]
# A trial's conversion: there is no subscription.active.
CONVERTED = RENEWED
PAST_DUE = [
    "subscription.cycled",
    "subscription.updated",
    "order.created",
    "subscription.updated",
    "subscription.past_due",
    "benefit_grant.revoked",
    "benefit_grant.revoked",
    "customer.state_changed",
]
RECOVERED = [
    "subscription.updated",
    "subscription.active",
    "order.updated",
    "order.paid",
    "benefit_grant.created",
    "benefit_grant.created",
    "benefit_grant.cycled",
    "benefit_grant.cycled",
    "customer.state_changed",
]
PAUSED = [
    "subscription.updated",
    "subscription.paused",
    "benefit_grant.revoked",
    "benefit_grant.revoked",
    "customer.state_changed",
]
RESUMED = [
    "subscription.updated",
    "subscription.resumed",
    "benefit_grant.created",
    "benefit_grant.created",
    "order.created",
    "order.updated",
    "order.paid",
    "benefit_grant.cycled",
    "benefit_grant.cycled",
    "customer.state_changed",
]
ENDED = [
    "subscription.updated",
    "subscription.canceled",
    "subscription.revoked",
    "benefit_grant.revoked",
    "benefit_grant.revoked",
    "customer.state_changed",
]
