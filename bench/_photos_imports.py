"""What a cold start imports."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from _report import Row

ROOT = Path(__file__).parents[1]
ADAPTERS = {
    "photo_backup": ["graph_http", "instagram", "media_http", "s3", "dynamodb", "events", "secrets"],
    "photo_post": ["ghost", "s3", "dynamodb", "secrets"],
    "token_refresh": ["graph_http", "instagram_token", "secrets"],
}


def imports() -> Iterator[Row]:
    """Cold start: what importing each handler takes, against `import boto3, requests` in the same run.

    A second row adds the adapters, which the first call imports.
    """
    statements = dict.fromkeys(ADAPTERS, "import handler")
    statements |= {
        f"{name} and its adapters": "import handler; "
        + "; ".join(f"import everyday.adapters.{adapter}" for adapter in adapters)
        for name, adapters in ADAPTERS.items()
    }
    spent: dict[str, list[float]] = {name: [] for name in ("peer", *statements)}
    for _ in range(9):
        spent["peer"].append(_import_seconds("import boto3, requests", ROOT))
        for name, statement in statements.items():
            spent[name].append(_import_seconds(statement, ROOT / "functions" / name.split()[0]))
    peer = statistics.median(spent["peer"])
    for name in statements:
        yield Row(
            name=f"import of {name}",
            value=statistics.median(spent[name]) / peer,
            unit="times the peer",
            better="lower",
            goal=1.3,
            peers={"import boto3, requests": 1.0},
            note="median of nine CPU times, interleaved",
        )


def _import_seconds(statement: str, folder: Path) -> float:
    code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=folder
    )
    return float(answer.stdout)
