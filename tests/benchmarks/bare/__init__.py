"""The floor for taking a webhook in: an HMAC, and one row."""
