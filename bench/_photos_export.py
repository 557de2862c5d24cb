"""A data export into a folder: time and memory."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from _measure import peak_mib, timed
from _report import Row

from everyday import wiring
from everyday_local.instagram.export_writer import write_export
from everyday_local.instagram.sample import bulk_posts


def exports() -> Iterator[Row]:
    """A data export into a folder: time against size, and memory."""
    few, many = (_export(count) for count in (2_000, 20_000))
    yield Row(
        name="export of 20,000 media, against 2,000",
        value=many[0] / few[0],
        unit="times as long",
        better="lower",
        goal=11,
        limit=10,
        note=f"{many[0]:.1f} s and {few[0]:.1f} s CPU",
    )
    yield Row(name="export of 20,000 media: memory", value=many[1], unit="MiB", better="lower", note="peak")


def _export(count: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        zipped = Path(folder) / "export.zip"
        write_export(bulk_posts(count, size=2_000), zipped)
        child = subprocess.run(
            [sys.executable, __file__, str(zipped), str(Path(folder) / "archive")],
            check=True,
            capture_output=True,
            text=True,
        )
    seconds, peak = (float(text) for text in re.findall(r"[\d.]+", child.stdout))
    return seconds, peak


def back_up_export(zipped: str, folder: str) -> None:
    """In the child: CPU seconds and peak memory in MiB."""
    peak_mib(anew=True)
    spent = timed(lambda: wiring.folder_backup(Path(folder), [Path(zipped)]).run())
    print(spent.cpu_seconds, peak_mib())


if __name__ == "__main__":
    back_up_export(*sys.argv[1:])
