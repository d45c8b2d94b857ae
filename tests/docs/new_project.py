"""A new Django project around a page's blocks: its base settings, a server, and what is promised.

Run by `test_docs` in a directory of its own, which holds the page's settings.py, urls.py, views.py.
"""

import sys
import threading
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

HERE = Path(__file__).parent
# Bound from here on, so that nobody else gets the port that the settings name.
SERVER = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
PORT = SERVER.server_port

BASE = {
    "SECRET_KEY": "new",
    "DEBUG": True,
    "ALLOWED_HOSTS": ["*"],
    "BASE_DIR": HERE,
    "ROOT_URLCONF": "roots",
    "USE_TZ": True,
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "LOGIN_URL": "/login/",
    "INSTALLED_APPS": [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "DIRS": [],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                ]
            },
        }
    ],
    "DATABASES": {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HERE / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;",
            },
        }
    },
}


def page_source(name: str) -> str:
    text = (HERE / name).read_text("utf-8").replace("127.0.0.1:8000", f"127.0.0.1:{PORT}")
    return text.replace("from mysite import views", "import views")


def main(page: str) -> None:
    exec(compile(page_source("settings.py"), "settings.py", "exec"), BASE)
    chosen = {key: value for key, value in BASE.items() if key.isupper()}
    if (HERE / "polar_handlers.py").exists():
        chosen["INSTALLED_APPS"] = [*chosen["INSTALLED_APPS"], "handling"]
        (HERE / "handling").mkdir()
        (HERE / "handling" / "__init__.py").touch()
        (HERE / "polar_handlers.py").rename(HERE / "handling" / "polar_handlers.py")
    urls = page_source("urls.py")
    # A page for projects that exist takes their own addresses for granted.
    existing = (
        ""
        if "views.report" in urls
        else "path('report/', views.report), path('pricing/', views.report, name='pricing')"
    )
    (HERE / "roots.py").write_text(
        f"from django.urls import include, path\nimport views\nurlpatterns = [{existing}]\n{urls}"
    )
    settings.configure(**chosen)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("check", fail_level="ERROR")
    from django.core.wsgi import get_wsgi_application

    SERVER.daemon_threads = True
    SERVER.set_app(get_wsgi_application())
    threading.Thread(target=SERVER.serve_forever, daemon=True).start()

    import httpx

    here = f"http://127.0.0.1:{PORT}"
    refused = httpx.get(f"{here}/report/")
    assert refused.status_code == 302, refused
    assert refused.headers["location"].startswith(settings.LOGIN_URL), refused.headers
    if (HERE / "templates").exists():
        assert "/billing/checkout/pro/" in httpx.get(f"{here}/pricing/").text
    if (HERE / "shell").exists():
        exec(compile(page_source("shell"), "shell", "exec"), {})
        wait_for_the_product()
        call_command("polar_doctor", "--strict", url=here)
    print("works")


def wait_for_the_product() -> None:
    from polar_django.models import Benefit, Product

    for _ in range(2400):
        product = Product.objects.filter(key="pro-monthly").first()
        if product and product.benefit_ids == [b.pk for b in Benefit.objects.filter(key="pro")]:
            return
        time.sleep(0.05)
    raise SystemExit("The product did not arrive in the mirror.")


if __name__ == "__main__":
    main(sys.argv[1])
