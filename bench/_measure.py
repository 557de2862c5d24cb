"""What a piece of work takes."""

import re
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Timed(NamedTuple):
    seconds: float
    cpu_seconds: float


def timed(work: Callable[[], object]) -> Timed:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - start, time.process_time() - cpu)


def peak_mib(*, anew: bool = False) -> float:
    """Peak resident memory of this process; `anew` begins the peak at what is resident now."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():  # macOS counts in bytes, and cannot begin anew
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if anew:
        reset.write_text("5")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 2**10
