"""What all endpoints share: whose they are about, what may slow them, what an error is answered."""

import logging
import math
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing.ids import may_be_an_id
from polar_django.drf.pagination import BillingPagination
from polar_django.drf.throttling import BillingThrottle
from polar_django.exceptions import (
    ActionRefused,
    ConfigurationError,
    CustomerConflict,
    ForeignObject,
    InvalidRequest,
    NotSupported,
    ObjectNotFound,
    PaymentFailed,
    PolarDjangoError,
    ProviderUnavailable,
    RateLimited,
    UnknownPlan,
)
from polar_django.subscribers import can_manage_billing, resolve_subscriber

__all__ = ["BillingView", "OwnList", "OwnObject", "Refused"]

logger = logging.getLogger(__name__)

# The first that fits; below are the more general ones.
_STATUSES: tuple[tuple[type[PolarDjangoError], int], ...] = (
    (UnknownPlan, status.HTTP_404_NOT_FOUND),
    (ForeignObject, status.HTTP_404_NOT_FOUND),
    (ObjectNotFound, status.HTTP_404_NOT_FOUND),
    (PaymentFailed, status.HTTP_402_PAYMENT_REQUIRED),
    (InvalidRequest, status.HTTP_400_BAD_REQUEST),
    (CustomerConflict, status.HTTP_409_CONFLICT),
    (ActionRefused, status.HTTP_409_CONFLICT),
    (NotSupported, status.HTTP_409_CONFLICT),
    (ProviderUnavailable, status.HTTP_503_SERVICE_UNAVAILABLE),
    (ConfigurationError, status.HTTP_503_SERVICE_UNAVAILABLE),
    (PolarDjangoError, status.HTTP_502_BAD_GATEWAY),
)


class Refused(APIException):
    """A refusal with a `code` of its own: `{"code": …, "detail": …}`."""

    def __init__(self, status_code: int, code: str, detail: str) -> None:
        self.status_code = status_code
        super().__init__({"code": code, "detail": detail}, code)


class BillingView(GenericAPIView[Any]):
    """An endpoint about the request's own subscriber, and nobody else's.

    The user is the one that DRF authenticated. Where subscribers are teams, `SUBSCRIBER_RESOLVER`
    finds theirs; `managers_only` wants `CAN_MANAGE_BILLING` too. Further parts of the path, such as
    a version or a team's name before our addresses, are the project's own business.
    """

    permission_classes = [IsAuthenticated]
    managers_only = False
    throttle_kind = "polar-read"
    # Whether it can be asked for again whatever became of it: it costs nothing and ends nothing.
    harmless = False

    def get_throttles(self) -> list[Any]:
        """The project's own throttles, and ours."""
        return [*super().get_throttles(), BillingThrottle()]

    def get_subscriber(self) -> Any:
        """Whom this request is about. Raises PermissionDenied for nobody, and who may not manage.

        Costs what the project's resolver costs.
        """
        subscriber = resolve_subscriber(self.request)
        if subscriber is None:
            raise PermissionDenied(
                {"code": "no_subscriber", "detail": _("There is nobody to buy for.")},
            )
        if self.managers_only:
            self.check_may_manage(subscriber)
        return subscriber

    def check_may_manage(self, subscriber: Any) -> None:
        """Raise PermissionDenied for who may not manage this subscriber's billing."""
        if not can_manage_billing(self.request, subscriber):
            raise PermissionDenied(
                {"code": "billing_not_allowed", "detail": _("You cannot manage billing here.")},
            )

    def own_or_404(self, rows: "QuerySet[Any]", key: str) -> Any:
        """The subscriber's row of that id. Another's is answered as one that does not exist."""
        return self.among_or_404(rows.filter(subscriber=self.get_subscriber()), key)

    def among_or_404(self, rows: "QuerySet[Any]", key: str) -> Any:
        """The row of that id among these, which must be the subscriber's own. One query."""
        found: Model | None = rows.filter(pk=key).first() if may_be_an_id(key) else None
        if found is None:
            raise Http404
        return found

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, PolarDjangoError):
            harmless = self.harmless or self.request.method in SAFE_METHODS
            exc = _as_refusal(exc, harmless=harmless)
        response = super().handle_exception(exc)
        # Amounts, addresses that open a portal: no cache keeps them.
        response["Cache-Control"] = "no-store, private"
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.setdefault("Cache-Control", "no-store, private")
        return answer


class OwnList(ListModelMixin, BillingView):
    """The subscriber's rows of one table, page by page. Two queries."""

    pagination_class = BillingPagination

    def get(self, request: Request, **path: Any) -> Response:
        return self.list(request)


class OwnObject(BillingView):
    """One of them. One query; 404 for another's as for none."""

    def get(self, request: Request, id: str, **path: Any) -> Response:
        return Response(self.get_serializer(self.own_or_404(self.get_queryset(), id)).data)


def _as_refusal(error: PolarDjangoError, *, harmless: bool) -> Refused:
    status_code = next(code for kind, code in _STATUSES if isinstance(error, kind))
    if status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", type(error).__name__, error)
        may_be_done = isinstance(error, ProviderUnavailable) and not isinstance(error, RateLimited)
        refusal = _unknown() if may_be_done and not harmless else _unavailable(status_code)
    else:
        name = getattr(error, "code", "") or _snake(type(error).__name__)
        refusal = Refused(status_code, name, _said_of(error))
    if isinstance(error, RateLimited) and error.retry_after is not None:
        # DRF makes the header Retry-After of it.
        refusal.wait = max(1, math.ceil(error.retry_after))  # type: ignore[attr-defined]
    return refusal


def _unavailable(status_code: int) -> Refused:
    return Refused(
        status_code,
        "unavailable",
        _("Billing is not available right now. Nothing was charged. Please try again later."),
    )


def _unknown() -> Refused:
    """It may have happened all the same, so that nobody should be told that it has not."""
    return Refused(
        status.HTTP_503_SERVICE_UNAVAILABLE,
        "outcome_unknown",
        _(
            "The payment service did not answer in time. Look in a minute whether it has happened "
            "before you try again."
        ),
    )


def _said_of(error: PolarDjangoError) -> str:
    """A sentence for the client. The errors' own may name settings, ids and providers."""
    if isinstance(error, PaymentFailed):
        return _("The payment was refused. Nothing was changed.")
    if isinstance(error, CustomerConflict):
        return _("Somebody has bought here with this e-mail address. Please write to us.")
    if isinstance(error, UnknownPlan | ObjectNotFound | ForeignObject):
        return _("Not found.")
    return _("This is not possible now.")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
