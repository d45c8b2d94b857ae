"""What subscribers use: written down here at once, sent to the provider's meters later.

`record_usage` costs one INSERT and calls nobody; the task `flush_usage` sends.
"""

from asgiref.sync import sync_to_async

from polar_django.usage.balance import MeterBalance, meter_balance
from polar_django.usage.record import record_usage

__all__ = ["MeterBalance", "ameter_balance", "arecord_usage", "meter_balance", "record_usage"]

ameter_balance = sync_to_async(meter_balance, thread_sensitive=True)
arecord_usage = sync_to_async(record_usage, thread_sensitive=True)
