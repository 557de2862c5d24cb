"""What a cold start imports."""

import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from _report import Row

ROOT = Path(__file__).parents[1]


def imports(functions: Mapping[str, Sequence[str]], *, peer: str) -> Iterator[Row]:
    """Cold start: what importing each handler takes, against the statement `peer` in the same run.

    `functions` names the adapters that each one's first call imports: a second row adds them.
    """
    statements = dict.fromkeys(functions, "import handler")
    statements |= {
        f"{name} and its adapters": "import handler; "
        + "; ".join(f"import everyday.adapters.{adapter}" for adapter in adapters)
        for name, adapters in functions.items()
    }
    spent: dict[str, list[float]] = {name: [] for name in ("peer", *statements)}
    for _ in range(9):
        spent["peer"].append(_import_seconds(peer, ROOT))
        for name, statement in statements.items():
            spent[name].append(_import_seconds(statement, ROOT / "functions" / name.split()[0]))
    yardstick = statistics.median(spent["peer"])
    for name in statements:
        yield Row(
            name=f"import of {name}",
            value=statistics.median(spent[name]) / yardstick,
            unit="times the peer",
            better="lower",
            goal=1.3,
            peers={peer: 1.0},
            note="median of nine CPU times, interleaved",
        )


def _import_seconds(statement: str, folder: Path) -> float:
    code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=folder
    )
    return float(answer.stdout)
