"""The metrics as Prometheus reads them: as text of our own, or through `prometheus_client`."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import Error
from django.utils.module_loading import import_string

from polar_django.health.figures import Health
from polar_django.health.measuring import measure_health
from polar_django.health.metrics import Metric, metrics_of, metrics_without_database
from polar_django.queues.retries import describe

__all__ = ["CONTENT_TYPE", "metrics_text", "register_collector"]

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(health: Health) -> str:
    """The measurement in Prometheus' text format. No queries."""
    lines: list[str] = []
    for metric in metrics_of(health):
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
        for labels, value in metric.samples:
            named = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            braces = f"{{{named}}}" if named else ""
            lines.append(f"{metric.name}{braces} {_number(value)}")
    return "\n".join(lines) + "\n"


def register_collector(registry: Any = None) -> Any:
    """Measure whenever that registry of `prometheus_client` is read; by default its own REGISTRY.

    Returns the collector, for `registry.unregister`. Called for you where django-prometheus is
    installed. Raises ImportError without `prometheus_client`.
    """
    collector = _Collector()
    (registry or import_string("prometheus_client.REGISTRY")).register(collector)
    return collector


class _Collector:
    """`prometheus_client` asks it at each scrape."""

    def describe(self) -> Iterable[Any]:
        """Nothing: with it, registering would have to measure, and so to ask the database."""
        return ()

    def collect(self) -> Iterator[Any]:
        gauge = import_string("prometheus_client.core.GaugeMetricFamily")
        for metric in _measured():
            names = list(metric.samples[0][0]) if metric.samples else []
            family = gauge(metric.name, metric.help, labels=names)
            for labels, value in metric.samples:
                family.add_metric(list(labels.values()), value)
            yield family


def _measured() -> Iterable[Metric]:
    """All metrics; where the database does not answer, that alone: an error would take the
    project's own metrics along, and just then they are wanted."""
    try:
        return metrics_of(measure_health())
    except Error as error:
        logger.error("The health could not be measured: %s", describe(error))
        return metrics_without_database()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
