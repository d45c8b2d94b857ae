import os
import subprocess
import sys

import pytest

from polar_django.webhooks import on
from polar_django.webhooks.dispatch import handlers_for, name_of

pytestmark = pytest.mark.usefixtures("handlers")


def test_a_handler_hears_its_types_and_a_star_hears_all():
    @on("order.paid", "order.refunded")
    def some(event): ...

    @on("*")
    def every(event): ...

    assert handlers_for("order.paid") == [some, every]
    assert handlers_for("order.refunded") == [some, every]
    assert handlers_for("moon.landed") == [every]


def test_a_handler_registered_twice_is_called_once():
    @on("*")
    @on("order.paid")
    @on("order.paid")
    def both(event): ...

    assert handlers_for("order.paid") == [both]


def test_a_decorator_without_its_types_is_refused_where_it_stands():
    with pytest.raises(TypeError, match=r'@on\("order.paid"\)'):

        @on
        def forgotten(event): ...

    with pytest.raises(TypeError):
        on()


def test_a_receiver_is_remembered_by_its_dotted_name():
    assert name_of(os.path.join) == f"{os.path.join.__module__}.join"


def test_handlers_modules_are_found_in_installed_apps(tmp_path):
    app = tmp_path / "letters"
    app.mkdir()
    (app / "__init__.py").write_text("")
    (app / "polar_handlers.py").write_text(
        'from polar_django.webhooks import on\n\n@on("order.paid")\ndef thank(event): ...\n'
    )
    code = (
        "import django; from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth',"
        " 'polar_django', 'letters'])\n"
        "django.setup()\n"
        "from polar_django.webhooks.dispatch import handlers_for, name_of\n"
        "print([name_of(one) for one in handlers_for('order.paid')])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "['letters.polar_handlers.thank']"
