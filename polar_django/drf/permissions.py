"""A gate for Django REST framework, which composes: `IsAuthenticated & HasBenefit("api")`."""

from collections.abc import Callable
from typing import Any

from django.utils.cache import patch_vary_headers
from rest_framework.permissions import AND, NOT, OR, BasePermission, BasePermissionMetaclass
from rest_framework.request import Request
from rest_framework.views import APIView

from polar_django.exceptions import ConfigurationError
from polar_django.gating import Decision, Reason, decide
from polar_django.gating.guard import keep_for_this_visitor
from polar_django.gating.refusal import explain

__all__ = ["HasBenefit"]


class _BenefitPermissionType(BasePermissionMetaclass):
    """Makes classes of `HasBenefit("api")` and its compositions, as `permission_classes` wants.

    Being a subtype of DRF's metaclass, its reflected operators are asked before those of a
    permission on the left, so that `IsAuthenticated & HasBenefit("api")` tells the reason as well.
    """

    def __call__(cls, *keys: Any, all_of: bool = False) -> Any:
        if not keys:
            return super().__call__()
        if not all(isinstance(key, str) and key for key in keys):
            raise ConfigurationError('HasBenefit takes keys as text, as in HasBenefit("api").')
        return type(cls)(cls.__name__, (cls,), {"benefits": keys, "all_of": all_of})

    def __and__(cls, other: Any) -> Any:
        return _composed(AND, cls, other)

    def __rand__(cls, other: Any) -> Any:
        return _composed(AND, other, cls)

    def __or__(cls, other: Any) -> Any:
        return _composed(OR, cls, other)

    def __ror__(cls, other: Any) -> Any:
        return _composed(OR, other, cls)

    def __invert__(cls) -> Any:
        return _composed(NOT, cls)


class HasBenefit(BasePermission, metaclass=_BenefitPermissionType):
    """Allow who holds one of these benefits now: `HasBenefit("api")`, `HasBenefit("a", "b",
    all_of=True)`, or a subclass with `benefits`.

    Judged by the user that DRF authenticated. Denies with 403 and `{"code": "benefit_required",
    "benefit": …, "detail": …}`; DRF itself answers 401 or 403 to whom no authenticator knows.
    Raises ConfigurationError without a key. One query per request, shared with every other gate.
    """

    benefits: tuple[str, ...] = ()
    all_of = False

    def __init__(self) -> None:
        if not self.benefits:
            raise ConfigurationError('HasBenefit needs a key, as in HasBenefit("api").')
        self.missing: tuple[str, ...] = ()

    def has_permission(self, request: Request, view: APIView) -> bool:
        decision = decide(request, self.benefits, all_of=self.all_of)
        self.missing = decision.missing
        _keep_answers_apart(view)
        return decision.allowed

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        # Not simply True: `~HasBenefit("x")` would then refuse every object.
        return self.has_permission(request, view)

    @property
    def message(self) -> dict[str, Any] | None:
        """The body of the refusal, None before there is one."""
        return _body(self.missing)

    @property
    def code(self) -> str:
        """The code of the refusal."""
        return str(Reason.NO_BENEFIT)


class _Composed(BasePermission, metaclass=_BenefitPermissionType):
    """DRF's own `&`, `|` or `~`, which tells which benefits would have helped."""

    operator: Callable[..., Any]
    operands: tuple[Callable[[], Any], ...] = ()

    def __init__(self) -> None:
        self.parts = [operand() for operand in self.operands]
        self.rule = type(self).operator(*self.parts)
        self.refused = False

    def has_permission(self, request: Request, view: APIView) -> bool:
        self.refused = not self.rule.has_permission(request, view)
        return not self.refused

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        self.refused = not self.rule.has_object_permission(request, view, obj)
        return not self.refused

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that were asked for and not held, where that led to a refusal."""
        found = (key for part in self.parts for key in getattr(part, "missing", ()))
        return tuple(dict.fromkeys(found)) if self.refused else ()

    @property
    def message(self) -> dict[str, Any] | None:
        """The body of the refusal; None, which is DRF's own, where no benefit was missing."""
        return _body(self.missing)

    @property
    def code(self) -> str | None:
        """The code of the refusal, None where no benefit was missing."""
        return str(Reason.NO_BENEFIT) if self.missing else None


def _keep_answers_apart(view: Any) -> None:
    """Have what this view answers marked as this visitor's, as every other gate does.

    A permission sees no answer, so the view object, which DRF makes anew for each request, is asked
    to do it: else `cache_page` above it would show one holder's answer to everybody.
    """
    finalize = getattr(view, "finalize_response", None)
    if finalize is None or getattr(finalize, "_polar_django", False):
        return

    def mark(*args: Any, **kwargs: Any) -> Any:
        answer = keep_for_this_visitor(finalize(*args, **kwargs))
        patch_vary_headers(answer, ["Authorization"])
        return answer

    mark._polar_django = True  # type: ignore[attr-defined]  # functions take attributes
    view.finalize_response = mark


def _composed(operator: Any, *operands: Any) -> Any:
    return _BenefitPermissionType(
        _Composed.__name__, (_Composed,), {"operator": operator, "operands": operands}
    )


def _body(missing: tuple[str, ...]) -> dict[str, Any] | None:
    return explain(Decision(False, Reason.NO_BENEFIT, missing)) if missing else None
