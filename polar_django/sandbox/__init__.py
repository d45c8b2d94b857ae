"""An offline Polar: REST API, pay page, portal and signed webhooks, for development and tests."""
