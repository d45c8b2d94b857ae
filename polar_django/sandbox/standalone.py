"""The sandbox as a whole site of its own, for projects in any language."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from secrets import token_urlsafe

import django
from django.conf import settings
from django.core.management import call_command, execute_from_command_line

__all__ = ["main"]

DATABASE = Path("polar-sandbox.sqlite3")


def main(arguments: Sequence[str]) -> None:
    """`serve --port 9000`, or any other action of the command `polar_sandbox`.

    The data stand in an SQLite file of the working directory, or in `--database FILE`.
    """
    parser = ArgumentParser(prog="python -m polar_django.sandbox", add_help=False)
    parser.add_argument("--database", type=Path, default=DATABASE)
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--webhook-secret", default="")
    mine, rest = parser.parse_known_args(arguments)
    _configure(mine.database, mine.webhook_url, mine.webhook_secret)
    django.setup()
    call_command("migrate", verbosity=0)
    execute_from_command_line(["python -m polar_django.sandbox", "polar_sandbox", *rest])


def _configure(database: Path, webhook_url: str, webhook_secret: str) -> None:
    settings.configure(
        # With DEBUG Django writes down every query, and for SQLite asks once more to do so.
        DEBUG=False,
        # As at Polar: a batch of usage events may be large.
        DATA_UPLOAD_MAX_MEMORY_SIZE=10 * 1024 * 1024,
        ALLOWED_HOSTS=[".localhost", "127.0.0.1", "[::1]"],
        # For one run only: nothing is signed with it that outlives the process.
        SECRET_KEY=token_urlsafe(),
        USE_TZ=True,
        ROOT_URLCONF="polar_django.sandbox.standalone_urls",
        STATIC_URL="static/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.staticfiles",
            "polar_django.sandbox",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database.absolute()),
                # For as long as the client keeps its own: a thread serves one of them.
                "CONN_MAX_AGE": None,
                # Several threads write; who waits must wait for the lock, not fail half-way.
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    # A lost second of a development server is none: no commit waits for the disk.
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                },
            }
        },
        # Django's own setting shows errors with DEBUG only.
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "loggers": {"django": {"handlers": ["console"], "level": "ERROR"}},
        },
        POLAR_SANDBOX={
            "ALLOW_WITHOUT_DEBUG": True,
            "WEBHOOK_URL": webhook_url,
            "WEBHOOK_SECRET": webhook_secret,
        },
    )
