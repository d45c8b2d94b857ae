"""The addresses of the tests, and a gate of every kind, one of them misspelt."""

from django.http import HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from polar_django.decorators import requires_benefit
from polar_django.drf.permissions import HasBenefit
from polar_django.mixins import BenefitRequiredMixin
from tests import urls as base


@requires_benefit("reprots")
def gated(request):
    return HttpResponse()


@requires_benefit("pro")
@requires_benefit("export")
def twice_gated(request):
    return HttpResponse()


class Charts(BenefitRequiredMixin, View):
    required_benefits = "pro"


@method_decorator(requires_benefit("pro"), name="dispatch")
class Method(View):
    pass


class Things(APIView):
    permission_classes = [IsAuthenticated & (HasBenefit("pro") | HasBenefit("export"))]


inner = [path("charts/", Charts.as_view()), path("method/", Method.as_view())]
urlpatterns = [
    *base.urlpatterns,
    path("gated/", gated),
    path("twice/", twice_gated),
    path("inner/", include(inner)),
    path("things/", Things.as_view()),
]
