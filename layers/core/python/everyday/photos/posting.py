"""The use case behind `photos post`: one blog post per medium, for ever."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from everyday.errors import BlogCollision, Conflict, Unavailable
from everyday.photos.catalog import Entry, State, Work
from everyday.photos.ports import Archive, Blog, Catalog
from everyday.photos.post_rules import Done, Outcome, Verdict, verdict
from everyday.photos.publishing import PostOptions, Publication
from everyday.ports import Clock, Progress, Silent, TimeLeft, forever
from everyday.record import Record

__all__ = ["Done", "Outcome", "Planned", "PostOptions", "PostReport", "Posting"]

_TRIES = 5
TIME_FOR_ONE = 120.0  # seconds kept for a medium that is begun: a large video must be copied and sent
_SILENCES = 3  # a blog that is silent so often in a row is down


class Planned(Record, frozen=True, kw_only=True):
    """What a sweep would do with one medium: `action` is create, update, or why not (see `Done`)."""

    id: str
    title: str
    taken_at: datetime
    action: str
    reason: str | None = None


class PostReport(Record, frozen=True, kw_only=True):
    """What a sweep did: how many media came to which end, and those the owner should look at.

    `finished` is False when time ran out or a service was down; another sweep goes on from there.
    """

    counts: dict[str, int]
    problems: tuple[Outcome, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Posts media on the blog, each exactly once. `new_id` returns a new random id at every call."""

    archive: Archive
    catalog: Catalog
    blog: Blog
    clock: Clock
    options: PostOptions
    new_id: Callable[[], str]

    def post(self, medium_id: str, *, force: bool = False) -> Outcome:
        """Bring one medium to the blog, or say why not. May be called any number of times, by anybody.

        `force` also posts what is parked or too old, and looks again at what is posted. Raises Unavailable
        when a service did not answer (it stays due), BlogKeyRefused when no post can pass.
        """
        owner = self.new_id()
        for _ in range(_TRIES):
            entry = self.catalog.get_many([medium_id]).get(medium_id)
            answer = self._verdict(entry, owner, force=force)
            try:
                if entry is None or answer.done:
                    return self._settled(medium_id, entry, answer)
                return self._publication(entry, owner).run()
            except (Conflict, BlogCollision):
                continue
        return Outcome(id=medium_id, done=Done.BUSY, reason="others keep writing it; it stays due")

    def sweep(self, time_left: TimeLeft = forever, progress: Progress | None = None) -> PostReport:
        """Post everything that is due, oldest first, while there is time. Raises BlogKeyRefused."""
        progress = progress or Silent()
        progress.begin("Posting", None)
        outcomes: list[Outcome] = []
        for entry in self.catalog.due(Work.POST, now=self.clock()):
            down = [it.done for it in outcomes[-_SILENCES:]] == [Done.FAILED] * _SILENCES
            if down or time_left() < TIME_FOR_ONE:
                return _report(outcomes, finished=False)
            outcomes.append(self._try(entry.id))
            progress.step(entry.title or entry.id)
        return _report(outcomes, finished=True)

    def plan(self) -> Iterator[Planned]:
        """What a sweep would do now. Asks the catalog only, changes nothing."""
        for entry in self.catalog.due(Work.POST, now=self.clock()):
            answer = self._verdict(entry, "", force=False)
            action = answer.done.value if answer.done else ("update" if entry.post else "create")
            yield Planned(
                id=entry.id,
                title=entry.title,
                taken_at=entry.taken_at,
                action=action,
                reason=answer.reason,
            )

    def _verdict(self, entry: Entry | None, owner: str, *, force: bool) -> Verdict:
        return verdict(entry, now=self.clock(), owner=owner, since=self.options.since, force=force)

    def _publication(self, entry: Entry, owner: str) -> Publication:
        return Publication(
            archive=self.archive,
            catalog=self.catalog,
            blog=self.blog,
            clock=self.clock,
            options=self.options,
            owner=owner,
            entry=entry,
        )

    def _settled(self, medium_id: str, entry: Entry | None, answer: Verdict) -> Outcome:
        if entry and entry.work is Work.POST and answer.done is Done.KEPT:
            self.catalog.put(replace(entry, state=State.KEPT, reason=answer.reason, claim=None))
        url = entry.post.url if entry and entry.post else None
        return Outcome(id=medium_id, done=answer.done or Done.UNKNOWN, reason=answer.reason, url=url)

    def _try(self, medium_id: str) -> Outcome:
        try:
            return self.post(medium_id)
        except Unavailable as error:
            return Outcome(id=medium_id, done=Done.FAILED, reason=str(error))


def _report(outcomes: list[Outcome], *, finished: bool) -> PostReport:
    counts = Counter(outcome.done.value for outcome in outcomes)
    problems = [it for it in outcomes if it.done in {Done.PARKED, Done.FAILED}]
    return PostReport(counts=dict(counts), problems=tuple(problems), finished=finished)
