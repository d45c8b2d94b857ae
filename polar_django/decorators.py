"""Gates for views: `@requires_benefit("pro")`, `@requires_subscription("team")`."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from polar_django.exceptions import ConfigurationError
from polar_django.gating import decide, decide_subscription
from polar_django.gating.guard import guarded

__all__ = ["requires_benefit", "requires_subscription"]

View = TypeVar("View", bound=Callable[..., Any])


def _check_names(decorator: str, names: tuple[object, ...]) -> None:
    if not all(isinstance(name, str) and name for name in names):
        raise ConfigurationError(f'Write @{decorator}("key") with its brackets, and keys as text.')


def requires_benefit(*keys: str, all_of: bool = False) -> Callable[[View], View]:
    """Let a request pass if its subscriber holds one of these benefits now (`all_of`: each).

    For sync and async views, and class-based ones through `method_decorator`. Others are sent to
    sign in or to upgrade; programs get JSON (`polar_django.gating.refuse`). One query per request,
    shared with every other gate and with `entitlements_for(request.user)`.

    Raises ConfigurationError without a key, ImproperlyConfigured above a view of Django REST
    framework (use `HasBenefit` there).
    """
    _check_names("requires_benefit", keys)
    if not keys:
        raise ConfigurationError('Name at least one benefit, as in @requires_benefit("pro").')
    decorate = _decorator(partial(decide, keys=keys, all_of=all_of))

    def decorate_and_say(view: View) -> View:
        gate = decorate(view)
        # For who looks at the project's URLs, as polar_doctor does.
        gate.gate_benefits = (  # type: ignore[attr-defined]
            *getattr(view, "gate_benefits", ()),
            *keys,
        )
        return gate

    return decorate_and_say


def requires_subscription(*names: str) -> Callable[[View], View]:
    """Let a request pass if its subscriber has an active or trialing subscription.

    `names` are plan keys, product keys or ids, of which one is enough; without any, every
    subscription is. Prefer `requires_benefit`, which also knows seats, one-time purchases and
    grants by hand. Otherwise as `requires_benefit`, with one query more.
    """
    _check_names("requires_subscription", names)
    return _decorator(partial(decide_subscription, names=names))


def _decorator(judge: Callable[..., Any]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        return guarded(view, judge)  # type: ignore[return-value]  # same parameters as the view

    return decorate
