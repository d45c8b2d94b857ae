"""What the documentation says, the code does."""

import ast
import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.template import engines

from polar_django import signals
from polar_django.conf import Settings
from polar_django.providers.polar.events import KNOWN_TYPES
from polar_django.sandbox.conf import SandboxSettings
from tests.docs.blocks import PAGES, ROOT, blocks, table_rows

ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]


def names(settings: type) -> set[str]:
    return {field.name.upper() for field in dataclasses.fields(settings)}


def test_every_setting_is_described_once_and_nothing_else():
    described = [row[0].strip("`") for row in table_rows("settings.md")]
    assert sorted(described) == sorted([*names(Settings), *names(SandboxSettings)])


def test_the_defaults_in_the_table_are_the_codes():
    ours = {field.name.upper(): field for field in dataclasses.fields(Settings)}
    checked = 0
    for name, default, _ in table_rows("settings.md")[: len(ours)]:
        try:
            said = ast.literal_eval(default.strip("`"))
        except (ValueError, SyntaxError):
            continue  # a default in words: what happens where nothing is set
        assert ours[name.strip("`")].default_factory() == (
            tuple(said) if isinstance(said, list) else said
        ), name
        checked += 1
    assert checked > 15


def test_every_signal_is_in_the_table_of_its_module():
    listed = re.findall(r"^\| `(\w+)` \|", signals.__doc__ or "", re.M)
    assert sorted(listed) == sorted(signals.__all__)


def test_the_event_types_that_the_docs_name_exist():
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r'@on\("([a-z_.]+)"\)', text))
    assert named
    assert named <= KNOWN_TYPES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "block",
    [block for block in ALL_BLOCKS if block.language == "python"],
    ids=lambda block: f"{block.page}-{block.file}",
)
def test_python_in_the_docs_is_python(block):
    compile(block.text, block.page, "exec")


@pytest.mark.parametrize(
    "block", [block for block in ALL_BLOCKS if block.language == "django"], ids=lambda b: b.page
)
def test_templates_in_the_docs_render_for_a_visitor(block, db):
    shown = engines["django"].from_string(block.text).render({})
    assert "/billing/checkout/pro/" in shown


@pytest.mark.parametrize("page", ["quickstart.md", "README.md"])
def test_a_project_made_from_the_page_works(page, tmp_path):
    """The page's blocks as files of a new project, which then does what the page says."""
    project = tmp_path / "project"
    project.mkdir()
    start = Path(__file__).with_name("new_project.py").read_text("utf-8")
    (project / "manage.py").write_text(start)
    (project / "__init__.py").touch()
    for block in blocks(ROOT / page if page == "README.md" else ROOT / "docs" / page):
        if block.language in {"python", "django"} and block.file:
            (project / block.file).parent.mkdir(exist_ok=True)
            with (project / block.file).open("a") as file:
                file.write(block.text + "\n")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{project}{os.pathsep}{ROOT}",
        "POLAR_ACCESS_TOKEN": "polar_oat_x",
        "POLAR_WEBHOOK_SECRET": "whsec_x",
    }
    ran = subprocess.run(
        [sys.executable, "manage.py", page],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "works" in ran.stdout
