"""What the use cases of a site answer: JSON for programs, figures for people."""

from datetime import datetime

from everyday.record import Record
from everyday.site.model import Doubtful, Unresolved
from everyday.site.plan import Plan


class Notes(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What the owner should know of the folder. `problems`: mistakes in files and rules."""

    unresolved: tuple[Unresolved, ...] = ()
    doubtful: tuple[Doubtful, ...] = ()
    problems: tuple[str, ...] = ()


class Planned(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What a publication would do. `same`: the folder is what is live; nothing would be sent."""

    site: str
    same: bool = False
    plan: Plan = Plan()
    notes: Notes = Notes()


class Published(Record, frozen=True, kw_only=True, omit_defaults=False):
    """A publication or a rollback that is done, as far as the bucket and the edge's store go.

    `same`: nothing changed. `live`: visitors shall get it; else it has a preview. `superseded`: another
    publication was faster, and visitors get that. `invalidation`: its id, when headers changed.
    """

    site: str
    release: str
    number: int
    live: bool = True
    same: bool = False
    superseded: bool = False
    invalidation: str | None = None
    plan: Plan = Plan()
    notes: Notes = Notes()


class Listed(Record, frozen=True, kw_only=True, omit_defaults=False):
    """A release that is kept; `size` in bytes, of the whole site."""

    id: str
    number: int
    at: datetime
    by: str
    files: int
    size: int
    live: bool
