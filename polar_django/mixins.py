"""Gates for class-based views, sync and async. Put them left of the view, like Django's own."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View

from polar_django.gating import Decision, Reason, decide, decide_subscription
from polar_django.gating.guard import agate, gate, keep_for_this_visitor, reject_rest_view

__all__ = ["BenefitRequiredMixin", "SubscriptionRequiredMixin"]


class _GateMixin(View):
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        reject_rest_view(cls)

    def decide(self, request: HttpRequest) -> Decision:
        """Where the chain of gates ends: a view may stand behind several."""
        return Decision(True, Reason.ALLOWED)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.view_is_async:
            # Django awaits what dispatch of an async view returns.
            return self._adispatch(request, *args, **kwargs)  # type: ignore[return-value]
        refusal = gate(request, self.decide)
        if refusal is not None:
            return refusal
        return keep_for_this_visitor(super().dispatch(request, *args, **kwargs))

    async def _adispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refusal = await agate(request, self.decide)
        if refusal is not None:
            return refusal
        answer: Any = super().dispatch(request, *args, **kwargs)
        # http_method_not_allowed of an async view is a coroutine, another mixin's refusal is not.
        return keep_for_this_visitor(
            answer if isinstance(answer, HttpResponseBase) else await answer
        )


class BenefitRequiredMixin(_GateMixin):
    """Answer only who holds one of `required_benefits` now (`all_of = True`: each of them).

    Override `get_required_benefits` where they depend on the request. Raises ImproperlyConfigured
    where none is named, and for a view of Django REST framework. Costs as `requires_benefit`.
    """

    required_benefits: Sequence[str] = ()
    all_of = False

    def get_required_benefits(self) -> Sequence[str]:
        """The keys to ask for."""
        named = self.required_benefits
        return (named,) if isinstance(named, str) else named

    def decide(self, request: HttpRequest) -> Decision:
        """What this gate says of the request."""
        keys = self.get_required_benefits()
        if not keys or not all(keys):
            raise ImproperlyConfigured(
                f'{type(self).__name__} names no benefit: set required_benefits = ["pro"].'
            )
        decision = decide(request, keys, all_of=self.all_of)
        return super().decide(request) if decision.allowed else decision


class SubscriptionRequiredMixin(_GateMixin):
    """Answer only who has an active or trialing subscription to one of `required_plans`.

    These are plan keys, product keys or ids; empty: any subscription. Costs as
    `requires_subscription`.
    """

    required_plans: Sequence[str] = ()

    def decide(self, request: HttpRequest) -> Decision:
        """What this gate says of the request."""
        named = self.required_plans
        decision = decide_subscription(request, (named,) if isinstance(named, str) else named)
        return super().decide(request) if decision.allowed else decision
