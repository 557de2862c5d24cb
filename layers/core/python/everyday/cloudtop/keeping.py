"""Keep the machine as its owner wishes it: look, decide, do; again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger
from typing import TypeVar

from msgspec.structs import replace

from everyday.cloudtop.actions import (
    Action,
    ChangeWish,
    Decision,
    FreeLease,
    PointName,
    SetCapacity,
    Tell,
    Terminate,
)
from everyday.cloudtop.deciding import decide
from everyday.cloudtop.events import Ask, Look
from everyday.cloudtop.looking import Sight
from everyday.cloudtop.model import Notes, Rules, Situation, Wish
from everyday.cloudtop.ports import NameServer, Owner
from everyday.errors import BookConflict, EventsUnavailable, NamesUnavailable
from everyday.record import Record

log = getLogger("everyday.cloudtop")

_Result = TypeVar("_Result")

TRIES = 5
"""So often the owner, the machine and another keeper may come in between."""


class Kept(Record, frozen=True, kw_only=True):
    """What one look led to, for the log."""

    why: str
    did: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """`names` None: there is no stable name."""

    sight: Sight
    owner: Owner
    rules: Rules
    clock: Callable[[], datetime]
    names: NameServer | None = None

    def hear(self, heard: Look | Ask) -> Kept:
        """Do what the event asks for, then keep. Raises Unavailable, or BookConflict when others were always
        quicker: the next minute tries again."""
        if isinstance(heard, Ask):
            self._again(lambda: self._wish(heard))
            return self.keep(f"{heard.reason} wants it {'up' if heard.up else 'down'}")
        return self.keep(heard.why)

    def keep(self, why: str) -> Kept:
        """One look and what follows from it. Idempotent: after any crash the next look does the rest."""
        return Kept(why=why, did=self._again(self._look))

    def _look(self) -> tuple[Action, ...]:
        situation = self.sight.situation()
        decision = decide(situation, self.rules, self.clock())
        untold = [action for action in decision.actions if not self._do(action)]
        self._note(situation, decision, untold)
        return tuple(action for action in decision.actions if action not in untold)

    def _again(self, doing: Callable[[], _Result]) -> _Result:
        for _ in range(TRIES - 1):
            try:
                return doing()
            except BookConflict as conflict:
                log.info("%s; looking again", conflict)
        return doing()

    def _wish(self, asked: Ask) -> None:
        """The owner is told of the budget before the wish is written: rather twice than never."""
        book, now = self.sight.book, self.clock()
        wish = book.wish()
        if wish.up == asked.up or _gives_way(asked, wish, now):
            return
        if asked.reason == "budget":
            self._tell(Tell(key="budget", text=_OVER_BUDGET))
        book.put_wish(_successor(wish, asked, now))

    def _note(self, situation: Situation, decision: Decision, untold: list[Action]) -> None:
        before = situation.notes
        keys = [it.key for it in untold if isinstance(it, Tell)]
        told = tuple(key for key in decision.notes.told if key not in keys)
        unpointed = any(isinstance(it, PointName) for it in untold)
        address = before.address if unpointed else decision.notes.address
        notes: Notes = replace(decision.notes, told=told, address=address)
        if notes != before:
            self.sight.book.put_notes(replace(notes, version=before.version + 1))

    def _do(self, action: Action) -> bool:
        """False: it is only for the owner's comfort and could not be done; the next look tries again."""
        match action:
            case Tell():
                return self._tell(action)
            case PointName():
                return self._point(action)
            case ChangeWish():
                self.sight.book.put_wish(action.wish)
            case FreeLease():
                self.sight.book.free_lease(action.holder)
            case SetCapacity():
                self.sight.fleets.ask(action.zone, action.capacity)
            case Terminate():
                self.sight.ec2.terminate(action.instance)
        return True

    def _tell(self, tell: Tell) -> bool:
        try:
            self.owner.tell(tell.text)
        except EventsUnavailable as error:
            log.warning("the owner was not told «%s»: %s", tell.text, error)
            return False
        return True

    def _point(self, action: PointName) -> bool:
        try:
            if self.names:
                self.names.point(action.address)
        except NamesUnavailable as error:
            log.warning("the name was not pointed to %s: %s", action.address, error)
            return False
        return True


_OVER_BUDGET = (
    "EC2 has cost as much this month as you allowed (`monthly_cap_usd`), so the machine stops, and no "
    "schedule starts it before the next month. `everyday cloudtop up` does all the same."
)


def _gives_way(asked: Ask, wish: Wish, now: datetime) -> bool:
    """A schedule stops nothing that is held, and starts nothing in a month whose budget is used up."""
    if asked.reason != "schedule":
        return False
    if not asked.up:
        return wish.hold_until is not None and now < wish.hold_until
    since = wish.asked_at
    return (
        wish.reason == "budget" and since is not None and (since.year, since.month) == (now.year, now.month)
    )


def _successor(wish: Wish, asked: Ask, now: datetime) -> Wish:
    return replace(
        wish, up=asked.up, market="spot", asked_at=now, reason=asked.reason, version=wish.version + 1
    )
