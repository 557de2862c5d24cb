"""Programs of the operating system, bounded."""

import subprocess
from collections.abc import Sequence
from logging import getLogger

from everyday.cloudtop.machine.ports import HostError

log = getLogger("everyday.cloudtop")


def run(*command: str, seconds: float = 60, fine: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
    """Raises HostError naming the program and what it said, when it ends with another code than `fine`."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the arguments are ours
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{' '.join(command)} did not end within {seconds:.0f} s") from error
    except OSError as error:
        raise HostError(f"{command[0]}: {error}") from error
    if done.returncode not in fine:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise HostError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done


def tried(*command: str, seconds: float = 60) -> str:
    """Its output; empty when it could not be done, which is logged only."""
    try:
        return run(*command, seconds=seconds).stdout
    except HostError as error:
        log.warning("%s", error)
        return ""
