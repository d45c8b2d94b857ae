"""The export API, for holders of `export`."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from example_project.shop.models import Draft
from polar_django.drf.permissions import HasBenefit


class ExportDrafts(APIView):
    permission_classes = [IsAuthenticated, HasBenefit("export")]

    def get(self, request: Request) -> Response:
        drafts = Draft.objects.filter(author=request.user)
        return Response({"drafts": list(drafts.values("title", "text", "changed_at"))})
