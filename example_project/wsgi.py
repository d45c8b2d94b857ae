import os

from django.core.wsgi import get_wsgi_application

# Imported so that the web process, too, sends its tasks through this project's broker.
from example_project.celery import app as celery_app

__all__ = ["application", "celery_app"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
application = get_wsgi_application()
