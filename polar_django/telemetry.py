"""What is logged and traced: the same steps and the same fields everywhere, nobody's personal data.

A step is one thing done to one object: a delivery received or processed, news sent, the provider
called. Each is a log record with these fields in `extra`, and a span where the project traces:

| field | what |
|---|---|
| `step` | `webhook.receive`, `delivery.process`, `news.send`, `provider.call`, … |
| `provider` | `polar`, … |
| `delivery_id` | the webhook id, the same on every retry |
| `event_type` | `subscription.updated`, …; of news, its name |
| `object_id` | the provider's id of what it is about, or a route with its parts unnamed |
| `duration_ms` | how long it took, a number |
| `outcome` | `stored`, `duplicate`, `refused`, `processed`, `ignored`, `sent`, `failed`, … |

A field that does not apply is left out. Traces need no setting: where the project has set up
OpenTelemetry, its module is loaded; where it is not loaded there is nobody to tell. A span of a
worker is linked to that of the request that took the delivery in.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

__all__ = ["FIELDS", "Step", "carried_trace", "fields", "note", "step", "trace"]

FIELDS = (
    "step",
    "provider",
    "delivery_id",
    "event_type",
    "object_id",
    "duration_ms",
    "outcome",
)
_NANOSECONDS = 1_000_000_000


def fields(step: str, **values: Any) -> dict[str, Any]:
    """The `extra` of a log record; what is None or "" is left out.

    Raises TypeError for a name that is none of `FIELDS`.
    """
    unknown = values.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"No log field is called {', '.join(sorted(unknown))}.")
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return {"step": step, **given}


class Step:
    """One step under way: what is learnt of it meanwhile is added with `tell`."""

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        self.name = name
        self.values = values
        self.level = logging.INFO

    def tell(self, *, level: int | None = None, **values: Any) -> None:
        """Add fields, or say how grave it is."""
        self.values |= values
        self.level = self.level if level is None else level


@contextmanager
def step(
    logger: logging.Logger, name: str, *, level: int = logging.INFO, **values: Any
) -> Iterator[Step]:
    """Log the step when it ends, and be its span meanwhile; microseconds where nobody listens.

    What is raised within goes on; the `outcome` is then "error", unless one was told.
    """
    under_way = Step(name, values)
    under_way.level = level
    began = time.perf_counter()
    tracer = _tracer()
    # Errors are described here: their own words may quote what a database was given.
    span = (
        tracer.start_as_current_span(
            f"polar_django.{name}", record_exception=False, set_status_on_exception=False
        )
        if tracer
        else nullcontext()
    )
    with span as current:
        try:
            yield under_way
        except BaseException as error:
            under_way.values.setdefault("outcome", "error")
            if current is not None:
                current.set_status(_opentelemetry().StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            _log(logger, under_way, time.perf_counter() - began)
            if current is not None:
                _describe(current, under_way.values)


def note(
    logger: logging.Logger,
    name: str,
    *,
    seconds: float,
    level: int = logging.INFO,
    cause: str = "",
    **values: Any,
) -> None:
    """Log a step that is over, and was done together with others.

    `cause` is what `carried_trace` gave where it began: the span is linked to that one.
    """
    done = Step(name, values)
    done.level = level
    _log(logger, done, seconds)
    trace(name, seconds=seconds, cause=cause, **values)


def trace(name: str, *, seconds: float, cause: str = "", **values: Any) -> None:
    """`note` without the record, for what has been logged in words."""
    tracer = _tracer()
    if tracer:
        end = time.time_ns()
        span = tracer.start_span(
            f"polar_django.{name}",
            start_time=end - round(seconds * _NANOSECONDS),
            links=_links(cause),
        )
        _describe(span, values)
        span.end(end)


def carried_trace() -> str:
    """The current span as W3C's `traceparent`, to be kept with a row; "" where none is."""
    opentelemetry = _opentelemetry()
    if opentelemetry is None:
        return ""
    context = opentelemetry.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _log(logger: logging.Logger, done: Step, seconds: float) -> None:
    if logger.isEnabledFor(done.level):
        values = {**done.values, "duration_ms": round(seconds * 1000, 3)}
        told = fields(done.name, **values)
        text = " ".join(f"{name}={told[name]}" for name in FIELDS[1:] if name in told)
        logger.log(done.level, "%s %s", done.name, text, extra=told)


def _tracer() -> Any:
    """None where the project has set up no tracing, though a library may have loaded the module."""
    opentelemetry = _opentelemetry()
    if opentelemetry is None:
        return None
    provider = opentelemetry.get_tracer_provider()
    if isinstance(provider, opentelemetry.ProxyTracerProvider):
        return None
    return provider.get_tracer("polar_django")


def _opentelemetry() -> Any:
    """Its module, where it is loaded whole; another thread may be loading it right now."""
    module = sys.modules.get("opentelemetry.trace")
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    return module if hasattr(module, "get_tracer") else None


def _describe(span: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value not in (None, ""):
            span.set_attribute(f"polar.{name}", value)


def _links(carried: str) -> list[Any]:
    opentelemetry = _opentelemetry()
    parts = carried.split("-")
    if opentelemetry is None or len(parts) != 4:
        return []
    try:
        context = opentelemetry.SpanContext(
            trace_id=int(parts[1], 16),
            span_id=int(parts[2], 16),
            is_remote=True,
            trace_flags=opentelemetry.TraceFlags(int(parts[3], 16)),
        )
    except ValueError:
        return []
    return [opentelemetry.Link(context)]
