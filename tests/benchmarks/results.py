"""What a benchmark found, and how it is shown."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

__all__ = ["Result", "median_of", "read", "table"]


@dataclass(frozen=True)
class Result:
    """One comparison. `ratio` is ours to the other's; it is to be `at_least` or `at_most` that."""

    what: str
    ours: str
    other: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        return (self.at_least is None or self.ratio >= self.at_least) and (
            self.at_most is None or self.ratio <= self.at_most
        )

    @property
    def bound(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    def print(self) -> None:
        """One line that `read` understands."""
        print(f"RESULT {json.dumps(asdict(self))}", flush=True)


def read(lines: Iterable[str]) -> list[Result]:
    """The results among the lines that a benchmark printed."""
    found = [line.removeprefix("RESULT ") for line in lines if line.startswith("RESULT ")]
    return [Result(**json.loads(line)) for line in found]


def median_of(values: Sequence[float]) -> float:
    return float(median(values))


def table(results: Iterable[Result]) -> str:
    """A Markdown table."""
    rows = ["| what | ours | the other | ratio | wanted | |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {r.what} | {r.ours} | {r.other} | {r.ratio:.3g} | {r.bound} | "
        f"{'yes' if r.holds else '**no**'} |"
        for r in results
    ]
    return "\n".join(rows)
