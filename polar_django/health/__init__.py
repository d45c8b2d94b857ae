"""How the installation stands: what waits, what failed and why, and whether the provider is there.

One measurement for everybody who asks: the admin's page, the JSON at `health/`, and Prometheus.
"""

from polar_django.health.figures import Fault, Health
from polar_django.health.measuring import measure_health
from polar_django.health.prometheus import metrics_text, register_collector

__all__ = ["Fault", "Health", "measure_health", "metrics_text", "register_collector"]
