"""A shop that has something of everything, as a catalogue file says it."""

SHOP = """
[meters.tokens]
name = "Tokens"
filter = { conjunction = "and", clauses = [{ property = "name", operator = "eq", value = "ai" }] }
aggregation = { func = "sum", property = "total_tokens" }

[benefits.pro]
type = "custom"
description = "Everything in Pro"
metadata = { limit = 5 }

[benefits.flag]
type = "feature_flag"
description = "Early features"

[benefits.keys]
type = "license_keys"
description = "A key for the desktop application"

[benefits.keys.properties]
prefix = "INK"
limit_usage = 3
activations = { limit = 2, enable_customer_admin = true }

[benefits.credit]
type = "meter_credit"
description = "A million tokens"
properties = { units = 1000000, rollover = true, meter = "tokens" }

[products.pro-monthly]
name = "Pro, monthly"
description = "By the month."
recurring_interval = "month"
trial_interval = "day"
trial_interval_count = 14
benefits = ["pro", "keys", "credit"]
prices = [
    { amount_type = "fixed", price_amount = 900, price_currency = "usd" },
    { amount_type = "metered_unit", unit_amount = "0.05", meter = "tokens" },
]

[products.team]
name = "Team"
recurring_interval = "month"
benefits = ["pro"]

[[products.team.prices]]
amount_type = "seat_based"
price_currency = "usd"

[products.team.prices.seat_tiers]
seat_tier_type = "volume"
tiers = [
    { min_seats = 1, max_seats = 9, price_per_seat = 1500 },
    { min_seats = 10, price_per_seat = 1200 },
]

[products.book]
name = "The book"
benefits = ["flag"]
prices = [{ amount_type = "custom", minimum_amount = 500, preset_amount = 1900 }]

[discounts.spring]
name = "Spring"
type = "percentage"
code = "SPRING"
basis_points = 2500
duration = "repeating"
duration_in_months = 3
starts_at = 2026-03-01T00:00:00Z
ends_at = 2036-06-01T00:00:00Z
products = ["pro-monthly"]

[discounts.ten]
name = "Ten off"
type = "fixed"
amount = 1000
currency = "usd"
duration = "once"
"""
