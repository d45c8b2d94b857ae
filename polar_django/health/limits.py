"""From when on it is a fault. `polar_doctor` and the health page say the same."""

from datetime import timedelta

__all__ = ["LATE", "SILENT", "STALE"]

# What is due is worked off within seconds; the sweeper comes every half minute.
LATE = timedelta(minutes=10)
SILENT = timedelta(minutes=5)
# Reconcile runs every six hours.
STALE = timedelta(hours=24)
