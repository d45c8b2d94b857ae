import base64
import hashlib
import hmac

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from tests.benchmarks.bare.models import Message
from tests.settings import WEBHOOK_SECRET

KEY = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """As little as a view can do that believes nobody and forgets nothing."""
    message_id = request.headers["webhook-id"]
    signed = f"{message_id}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = b"v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256))
    if not hmac.compare_digest(expected, request.headers["webhook-signature"].encode()):
        return HttpResponse(status=403)
    Message.objects.create(message_id=message_id, body=request.body, received_at=timezone.now())
    return HttpResponse(status=202)
