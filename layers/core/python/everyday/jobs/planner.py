"""The planner: which waiting jobs start now, and where. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from everyday.jobs.backfill import Backfill, lasting_of
from everyday.jobs.fit import FOREVER, UNKNOWN, Learnt, Need
from everyday.jobs.index import Bound, Index
from everyday.jobs.model import Amount, Job
from everyday.jobs.ordering import Shares, ranked, turns
from everyday.jobs.plan import ClassPolicy, Placement, Plan, Rules, Situation, Waits, Why
from everyday.jobs.reasons import Reasons, never
from everyday.jobs.room import Room, Saved
from everyday.jobs.scaling import desired

_SHOWN = 3
"""So many blocked jobs are told which instance they will have even when nobody could take its room."""


def plan(waiting: Sequence[Job], situation: Situation, rules: Rules) -> Plan:
    """Decide which of the waiting jobs start now, on which instance, and why the others do not.

    Jobs have their turn by rank, and between queues by their shares (see `ordering.turns`). Each is put on
    the instance that it fills best. What does not fit is treated by its class's policy (see `ClassPolicy`);
    a group that does not fit is reserved for member by member. The order of `waiting` and of the instances
    does not matter: the same input gives the same plan.
    """
    return _Planning(waiting, situation, rules).run()


class _Planning:
    """One plan in the making."""

    def __init__(self, waiting: Sequence[Job], situation: Situation, rules: Rules) -> None:
        self.situation, self.rules, self.now = situation, rules, situation.now
        self.jobs = ranked(waiting)
        self.needs = {demand: Need(demand) for demand in {job.demand for job in self.jobs}}
        self.index = Index(situation.instances)
        self.backfill = Backfill(self.index, self.now, rules)
        self.shares = Shares(_total(self.index.rooms), situation.usage, rules.weights)
        self.grouped = [job for job in self.jobs if job.group is not None]
        self.groups = _groups(self.grouped)
        self.had: set[str] = set()
        self.open: set[Need] = set()
        self.vain: set[frozenset[tuple[tuple[Need, int], int]]] = set()
        self.placements: list[Placement] = []
        self.waits: dict[str, Waits] = {}

    def run(self) -> Plan:
        self._probe()
        if self.open:
            self._walk()
        self.backfill.settle(_SHOWN - len(self.backfill.reserved))
        return self._told()

    def _probe(self) -> None:
        """See what could ever fit, and what fits anywhere now."""
        for need in self.needs.values():
            need.never = never(need, self.situation)
        self.open = {need for need in self.needs.values() if need.never is None}
        for need in list(self.open):
            if need in self.open and next(self.index.holding(need), None) is None:
                self._close(need)

    def _close(self, blocked: Need) -> None:
        """Nothing holds this need any more, nor any that needs as much of everything."""
        for need in [each for each in self.open if each.covers(blocked)]:
            need.blocked = True
            self.open.remove(need)

    def _walk(self) -> None:
        """Give every job its turn while anything fits anywhere."""
        for job in turns(self.jobs, self.shares, self.rules):
            group = job.group
            if group is None:
                members = [job]
            elif group.id in self.had or (members := self.groups.get(group.id, [])) == []:
                continue
            else:
                self.had.add(group.id)
            started = self._start(members)
            if not started and self.rules.policies.get(job.job_class) is ClassPolicy.STRICT:
                break
            if not self.open:
                break

    def _start(self, members: Sequence[Job]) -> bool:
        """Start one job, or all of a group, or note that they are blocked."""
        needs = [self.needs[job.demand] for job in members]
        if any(need.never for need in needs):
            return True  # not in anybody's way
        if self._fit(members, needs):
            return True
        if self.rules.policies.get(members[0].job_class) is ClassPolicy.RESERVE:
            self.backfill.note(members, needs)
        return False

    def _fit(self, members: Sequence[Job], needs: Sequence[Need]) -> bool:
        if any(need.blocked for need in needs):
            return False
        if self.backfill.unsettled and all(self._holds(need) for need in needs):
            self.backfill.settle()
        if len(members) > 1:
            return self._place_all(members, needs)
        room = self._find(members[0], needs[0])
        if room is not None:
            self._take(members[0], needs[0], room)
            self._record(members[0], room)
        elif needs[0].blocked:
            self._close(needs[0])
        return room is not None

    def _holds(self, need: Need) -> bool:
        return not need.blocked and next(self.index.holding(need), None) is not None

    def _find(self, job: Job, need: Need) -> Room | None:
        """Where the job fits best, if it fits anywhere without delaying what is reserved."""
        lasting = lasting_of(job)
        if need.blocked or lasting >= need.refused:
            return None
        room = self.index.best(need, self.now + lasting)
        if room is None:
            need.refused = lasting
        return room

    def _take(self, job: Job, need: Need, room: Room) -> None:
        lasting = lasting_of(job)
        room.take(need, self.now, UNKNOWN if lasting == FOREVER else self.now + lasting)

    def _record(self, job: Job, room: Room) -> None:
        group = job.group.id if job.group else None
        self.placements.append(Placement(job.id, job.attempt, room.arn, job.demand, group))
        self.shares.took(job.queue, job.demand)

    def _place_all(self, members: Sequence[Job], needs: Sequence[Need]) -> bool:
        """Start all or none. What was in vain once is in vain for every group that needs the same."""
        key = frozenset(Counter(zip(needs, map(lasting_of, members), strict=True)).items())
        if key in self.vain:
            return False
        before = self.index.bounds(), [(need, need.learnt()) for need in set(needs)]
        rooms: list[tuple[Room, Saved]] = []
        for job, need in zip(members, needs, strict=True):
            room = self._find(job, need)
            if room is None:
                break
            rooms.append((room, room.saved()))
            self._take(job, need, room)
        else:
            for job, (room, _) in zip(members, rooms, strict=True):
                self._record(job, room)
            return True
        self._undo(rooms, *before)
        self.vain.add(key)
        return False

    def _undo(
        self, rooms: Sequence[tuple[Room, Saved]], bounds: list[Bound], learnt: Iterable[tuple[Need, Learnt]]
    ) -> None:
        for room, saved in reversed(rooms):
            room.restore(saved)
        self.index.restore(bounds)
        for need, known in learnt:
            need.relearn(known)

    def _told(self) -> Plan:
        """The plan, with the reason for each job that does not start."""
        placed = {each.job_id for each in self.placements}
        left = [job for job in self.jobs if job.id not in placed]
        never = self._never(left)
        shapes = self.situation.shapes
        return Plan(
            placements=tuple(self.placements),
            reserved=tuple(self.backfill.reserved),
            waits=self._waits(left, never),
            impossible=tuple(job_id for job_id, why in never.items() if why is Why.IMPOSSIBLE),
            needs_scale=tuple(job_id for job_id, why in never.items() if why is Why.NEEDS_SCALE),
            desired=desired((job.demand for job in left), shapes) if shapes else {},
        )

    def _never(self, left: Sequence[Job]) -> dict[str, Why]:
        """The jobs that no registered instance could hold, and those in a group with one of them."""
        if not any(need.never for need in self.needs.values()):
            return {}
        why = {job.id: need.never for job in left if (need := self.needs[job.demand]).never}
        for members in _groups(left).values():
            worst = [why[job.id] for job in members if job.id in why]
            if worst:
                verdict = Why.IMPOSSIBLE if Why.IMPOSSIBLE in worst else Why.NEEDS_SCALE
                why |= dict.fromkeys((job.id for job in members), verdict)
        return {job.id: found for job in left if (found := why.get(job.id))}

    def _waits(self, left: Sequence[Job], never: Mapping[str, Why]) -> dict[str, Waits]:
        reasons = Reasons(self.index.rooms)
        said = {demand: self._why(need, reasons) for demand, need in self.needs.items()}
        waits = {job.id: said[job.demand] for job in left}
        for job in self.grouped:
            if job.id in waits and job.group is not None:
                waits[job.id] = self._why_group(waits[job.id], job.group.id)
        for job_id, why in never.items():
            if waits[job_id].why is not why:
                waits[job_id] = waits[job_id]._replace(why=why)
        return waits

    def _why_group(self, waits: Waits, group: str) -> Waits:
        """What else keeps a member: the others are not here, or there is no room for all at once."""
        if group not in self.groups:
            return waits._replace(why=Why.GROUP)
        return waits._replace(why=Why.NO_ROOM) if group in self.had and waits.why is Why.BEHIND else waits

    def _why(self, need: Need, reasons: Reasons) -> Waits:
        """Why jobs of this need do not start."""
        if need.never or need.blocked:
            return reasons.no_room(need.never or Why.NO_ROOM, need)
        if need.refused > FOREVER:
            return reasons.behind(Why.BEHIND, need)
        for room in self.index.holding(need):
            if (job_id := self.backfill.holders.get(room.arn)) is not None:
                return reasons.reserved(need, job_id, room.arn)
        return reasons.no_room(Why.NO_ROOM, need)


def _groups(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """The complete groups: those of which all members are here."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        if job.group is not None:
            groups.setdefault(job.group.id, []).append(job)
    return {
        key: members for key, members in groups.items() if (g := members[0].group) and len(members) == g.size
    }


def _total(rooms: Iterable[Room]) -> Amount:
    """What all open instances offer together."""
    registered = [room.view.registered for room in rooms]
    return Amount(
        sum(each.cpu for each in registered),
        sum(each.memory for each in registered),
        sum(each.gpu for each in registered),
    )
