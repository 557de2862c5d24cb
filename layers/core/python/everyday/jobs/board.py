"""What a cluster's last pass had to say to people: the instances with their room, and why jobs wait."""

import msgspec

from everyday.jobs.model import Amount
from everyday.jobs.plan import Why
from everyday.record import Record


class BoardInstance(Record, frozen=True, kw_only=True):
    """One instance for display. `reserved_for` is the blocked job that waits for it."""

    ec2_id: str
    arn: str
    registered: Amount
    free: Amount
    tasks: int
    open: bool = True
    reserved_for: str | None = None
    expected_at: int | None = None


class BoardWait(Record, frozen=True, kw_only=True):
    """Why jobs that need this much wait. `text` is a sentence for the owner."""

    amount: Amount
    why: Why
    text: str
    jobs: int = 1


class Board(Record, frozen=True, kw_only=True):
    """One cluster at one moment (`at`, milliseconds). Lists are cut at what one document may hold;
    `instances_total` says how many there are. `waits_of`: by job id, an index into `waits`."""

    cluster: str
    at: int
    waiting: int = 0
    instances_total: int = 0
    instances: tuple[BoardInstance, ...] = ()
    waits: tuple[BoardWait, ...] = ()
    waits_of: dict[str, int] = msgspec.field(default_factory=dict)
    trouble: str | None = None

    @property
    def whys(self) -> dict[str, str]:
        """Why each job waits, by its id, as far as it is said here."""
        return {job_id: self.waits[index].text for job_id, index in self.waits_of.items()}
