"""The Lua scripts: each runs as one step that nobody else is in the middle of."""

from enum import StrEnum
from functools import cache
from hashlib import sha1
from pathlib import Path

from everyday.jobs.reservations import FORGET_MS, RESERVATION_MS, SETTLING_MS

_FOLDER = Path(__file__).with_name("lua")


class Script(StrEnum):
    """The scripts by the names of their files."""

    ACCEPT = "accept"
    COMMIT = "commit"
    PUT_INSTANCE = "put_instance"
    PUT_TASK = "put_task"
    RELEASE = "release"
    RESERVE = "reserve"
    SUSPECT = "suspect"
    TAKE = "take"
    TICKET = "ticket"
    VIEW_HEAD = "view_head"
    VIEW_PART = "view_part"
    WAKE = "wake"


_READERS = {Script.VIEW_HEAD, Script.VIEW_PART, Script.WAKE}
_WHOLE = {Script.COMMIT, Script.TAKE, Script.TICKET, *_READERS}  # they load no instance


@cache
def text_of(script: Script) -> str:
    """The whole program.

    Its first line makes Valkey look before the first command: a full or read-only server refuses a program
    that may write, and never stops in the middle of one.
    """
    parts = ["common", *([] if script in _WHOLE else ["holds", "instances"]), script]
    numbers = {"RESERVATION_MS": RESERVATION_MS, "SETTLING_MS": SETTLING_MS, "FORGET_MS": FORGET_MS}
    return "\n".join(
        [
            "#!lua flags=no-writes" if script in _READERS else "#!lua",
            *(f"local {name} = {value}" for name, value in numbers.items()),
            *((_FOLDER / f"{part}.lua").read_text() for part in parts),
        ]
    )


@cache
def sha_of(script: Script) -> str:
    """By which a server that knows the program is asked to run it."""
    return sha1(text_of(script).encode(), usedforsecurity=False).hexdigest()
