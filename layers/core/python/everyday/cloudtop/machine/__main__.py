"""The machine's program: `storage`, `watch`, `boot` (both in one), `hold 4h`, `failed UNIT`, `scratch`."""

import logging
import sys
from pathlib import Path

from everyday.cloudtop.machine import programs
from everyday.cloudtop.machine.ports import CloudError, HostError
from everyday.cloudtop.machine.settings import BadSettings, read
from everyday.cloudtop.machine.storage import NoStorageError
from everyday.cloudtop.names import SETTINGS_FILE


def main(arguments: list[str], file: Path = Path(SETTINGS_FILE)) -> int:
    """0: done. 1: it could not be, for the reason on standard error. 2: that is no command."""
    command, *rest = arguments or ["help"]
    program = programs.PROGRAMS.get(command)
    if program is None:
        sys.stderr.write(f"{command} is none of {', '.join(programs.PROGRAMS)}\n")
        return 2
    try:
        program(read(file, programs.environment()), rest)
    except (BadSettings, NoStorageError, CloudError, HostError, programs.BadArgument) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # the journal has the time
    sys.exit(main(sys.argv[1:]))
