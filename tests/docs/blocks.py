"""The code in the documentation: what a reader would copy, and in which file it goes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    text: str

    @property
    def file(self) -> str:
        """The name in its first comment: `# settings.py`, `{# templates/x.html #}`; or ""."""
        found = re.match(r"(?:\{)?# (\S+)(?: #\})?\n", self.text)
        return found.group(1) if found else ""


def blocks(page: Path) -> Iterator[Block]:
    for language, text in re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", page.read_text("utf-8")):
        yield Block(page.name, language, text)


def table_rows(page: str) -> list[list[str]]:
    """The cells of every table row whose first cell is a name in code."""
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in rows if re.fullmatch(r"`[A-Z_]+`", row[0])]
