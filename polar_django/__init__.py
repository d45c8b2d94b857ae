"""Subscriptions and entitlements for Django."""
