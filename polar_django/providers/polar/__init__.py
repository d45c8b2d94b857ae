"""Polar (polar.sh): the provider whose names and shapes this package speaks."""
