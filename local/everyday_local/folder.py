"""Where local mode keeps everything: one folder, ignored by git, that may be deleted whole."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout this program runs from: the CDK app, the functions and the layers are there."""

FOLDER_VARIABLE = "EVERYDAY_LOCAL"
"""Names another folder. Every process of local mode carries it in its environment."""

_BYTE_CODE = ("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
_MADE = (
    *("run", "logs", "home", "tmp", "cdk.out"),
    *("aws", "objects", "valkey", "instagram", "ecs", "pipeline", "edge", "blog", "ghost"),
)


@dataclass(frozen=True)
class Folder:
    """The folder's layout."""

    path: Path

    @classmethod
    def chosen(cls, path: Path | None = None) -> "Folder":
        """The folder asked for, else the environment's, else `.everyday/local` of the checkout."""
        named = path or os.environ.get(FOLDER_VARIABLE)
        return cls(Path(named or PROJECT / ".everyday" / "local").absolute())

    def sub(self, name: str) -> Path:
        """A folder inside, made if it is not there."""
        made = self.path / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.sub("logs") / f"{name}.log"

    def tidy(self) -> None:
        """Delete what processes that were killed left in their temporary folder."""
        shutil.rmtree(self.path / "tmp", ignore_errors=True)

    def wipe(self) -> None:
        """Delete everything local mode made in it, and the folder when nothing else is there."""
        for name in _MADE:
            shutil.rmtree(self.path / name, ignore_errors=True)
        with suppress(OSError):
            self.path.rmdir()

    def environment(self) -> dict[str, str]:
        """The least a process needs: where programs are, the language, and its own home.

        Nothing else of the owner's shell passes, so no credential of theirs can reach a local process.
        """
        kept = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", *_BYTE_CODE)
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "HOME": str(self.sub("home")),
            "TMPDIR": str(self.sub("tmp")),
            FOLDER_VARIABLE: str(self.path),
        }

    @contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Only one `up` works in a folder at a time; a second one calls `waiting` and waits here."""
        with (self.sub("run") / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
