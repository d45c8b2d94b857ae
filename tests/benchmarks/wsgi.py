import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")

from django.core.wsgi import get_wsgi_application

from tests.celery_app import app as celery_app

__all__ = ["application", "celery_app"]

application = get_wsgi_application()
