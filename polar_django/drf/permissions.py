"""A gate for Django REST framework, which composes: `IsAuthenticated & HasBenefit("api")`."""

from collections.abc import Iterator
from typing import Any

from rest_framework.permissions import (
    AND,
    NOT,
    OR,
    BasePermission,
    BasePermissionMetaclass,
    OperandHolder,
    SingleOperandHolder,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from polar_django.exceptions import ConfigurationError
from polar_django.gating import Decision, Reason, decide
from polar_django.gating.refusal import explain

__all__ = ["HasBenefit"]


# The stubs of DRF describe an operator's class as if it were an instance.
_AND: Any = AND
_OR: Any = OR
_NOT: Any = NOT


class _Composition:
    """`&`, `|` and `~` that keep the reason of a refusal, which DRF's own forget."""

    def __and__(self: Any, other: Any) -> "_Both":
        return _Both(_AND, self, other)

    def __rand__(self: Any, other: Any) -> "_Both":
        return _Both(_AND, other, self)

    def __or__(self: Any, other: Any) -> "_Both":
        return _Both(_OR, self, other)

    def __ror__(self: Any, other: Any) -> "_Both":
        return _Both(_OR, other, self)

    def __invert__(self: Any) -> "_Inverse":
        return _Inverse(_NOT, self)


class _Both(_Composition, OperandHolder):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _Explained(super().__call__(*args, **kwargs))


class _Inverse(_Composition, SingleOperandHolder):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _Explained(super().__call__(*args, **kwargs))


# `|` between classes means a union of types to `type` itself; DRF's metaclass redefines it too.
class _BenefitPermissionType(_Composition, BasePermissionMetaclass):  # type: ignore[misc]
    """Makes `HasBenefit("api")` a class of its own: `permission_classes` holds classes.

    Being a subtype of DRF's metaclass, its reflected operators are asked before those of a
    permission on the left, so that `IsAuthenticated & HasBenefit("api")` is ours as well.
    """

    def __call__(cls, *keys: Any, all_of: bool = False) -> Any:
        if not keys:
            return super().__call__()
        if not all(isinstance(key, str) for key in keys):
            raise ConfigurationError('HasBenefit takes keys as text, as in HasBenefit("api").')
        return type(cls)(cls.__name__, (cls,), {"benefits": keys, "all_of": all_of})


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
        self.decision: Decision | None = None

    def has_permission(self, request: Request, view: APIView) -> bool:
        self.decision = decide(request, self.benefits, all_of=self.all_of)
        return self.decision.allowed

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        # Not simply True: `~HasBenefit("x")` would then refuse every object.
        return self.has_permission(request, view)

    @property
    def message(self) -> dict[str, Any] | None:
        """The body of the refusal, None before there is one."""
        if self.decision is None or self.decision.allowed:
            return None
        return explain(Decision(False, Reason.NO_BENEFIT, self.decision.missing))

    @property
    def code(self) -> str | None:
        """The code of the refusal, None before there is one."""
        return None if self.message is None else str(Reason.NO_BENEFIT)


class _Explained:
    """A composed permission that tells which benefits would have helped."""

    def __init__(self, operator: Any) -> None:
        self.operator = operator

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(self.operator.has_permission(request, view))

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return bool(self.operator.has_object_permission(request, view, obj))

    @property
    def message(self) -> dict[str, Any] | None:
        """The body of the refusal; None, which is DRF's own, where no benefit was missing."""
        missing = dict.fromkeys(
            key
            for permission in _permissions_in(self.operator)
            if permission.decision
            for key in permission.decision.missing
        )
        return explain(Decision(False, Reason.NO_BENEFIT, tuple(missing))) if missing else None

    @property
    def code(self) -> str | None:
        """The code of the refusal, None where no benefit was missing."""
        return None if self.message is None else str(Reason.NO_BENEFIT)


def _permissions_in(operator: Any) -> Iterator[HasBenefit]:
    if isinstance(operator, HasBenefit):
        yield operator
    for name in ("operator", "op1", "op2"):
        if hasattr(operator, name):
            yield from _permissions_in(getattr(operator, name))
