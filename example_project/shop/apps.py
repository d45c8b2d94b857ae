from django.apps import AppConfig

# Imported so that every process, a management command too, knows this project's broker. A project
# whose package may import what it likes does this in its `__init__`.
from example_project.celery import app as celery_app

__all__ = ["ShopConfig", "celery_app"]


class ShopConfig(AppConfig):
    name = "example_project.shop"
    label = "shop"
