"""Rows of a benchmark: written as JSON for programs, printed as a table for people."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement. `goal` and `limit` are in `unit`; peers were measured in the same run."""

    name: str
    value: float
    unit: str
    better: Literal["lower", "higher"]
    goal: float | None = None
    limit: float | None = None
    peers: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


def write(word: str, rows: list[Row]) -> Path:
    """Write `out/<word>.json` and print the rows. Returns the file's path."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{word}.json"
    path.write_text(json.dumps([_slim(row) for row in rows], indent=2) + "\n")
    for row in rows:
        sign, mark = ("≤" if row.better == "lower" else "≥"), (" " if row.met else "✗")
        goal = f"goal {sign} {row.goal:g}" if row.goal is not None else ""
        peers = "  ".join(f"{name} {value:.4g}" for name, value in row.peers.items())
        print(f"{mark} {row.name:52} {row.value:10.4g} {row.unit:14} {goal:14} {peers}")
    print(f"\n{path}")
    return path


def _slim(row: Row) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if value not in (None, {}, "")}
