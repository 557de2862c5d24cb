"""The planner: which waiting jobs start now, and where. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, islice

from everyday.jobs.backfill import Backfill
from everyday.jobs.fit import Need
from everyday.jobs.index import Index
from everyday.jobs.model import Demand, Job
from everyday.jobs.ordering import Shares, Turn, ranked, turns
from everyday.jobs.placing import Party, Placing
from everyday.jobs.plan import ClassPolicy, Plan, Rules, Situation, Waits, Why
from everyday.jobs.reasons import Reasons, never
from everyday.jobs.scaling import desired

_SHOWN = 3
"""So many blocked jobs are told which instance they will have even when nobody could take its room."""


def plan(waiting: Sequence[Job], situation: Situation, rules: Rules) -> Plan:
    """Decide which of the waiting jobs start now, on which instance, and why the others do not.

    Jobs have their turn by rank, and between queues by their shares (see `ordering.turns`). Each is put on
    the instance that it fills best (see `Index.best`). What does not fit is treated by its class's policy; of
    a group, all start or none, and room is reserved for all of them at one time. The order of `waiting` and
    of the instances does not matter: the same input gives the same plan.
    """
    return _Planning(waiting, situation, rules).run()


class _Planning:
    """One plan in the making."""

    def __init__(self, waiting: Sequence[Job], situation: Situation, rules: Rules) -> None:
        self._situation, self._rules = situation, rules
        self._jobs = ranked(waiting)
        self._needs = _Needs()
        self._needs_of = [self._needs[job.demand] for job in self._jobs]
        for need in self._needs.values():
            need.never = never(need, situation)
        self._grouped = [job for job in self._jobs if job.group is not None]
        self._groups = _groups(self._grouped)
        self._tried: set[str] = set()
        self._index = Index(situation.instances)
        self._shares = Shares(self._index.views, situation.usage, rules.weights)
        self._backfill = Backfill(self._index, situation.now, rules)
        self._placing = Placing(
            self._index, self._backfill, self._shares, situation.now, self._needs.values()
        )
        self._reasons = Reasons(self._index, self._backfill.holders)

    def run(self) -> Plan:
        pairs = zip(self._jobs, self._needs_of, strict=True)
        if self._placing.open:
            self._walk(turns([*pairs], self._shares, self._rules))
        else:
            self._walk(islice(pairs, _SHOWN))
        self._backfill.settle(max(0, _SHOWN - len(self._backfill.reserved)))
        return self._plan()

    def _walk(self, order: Iterable[Turn]) -> None:
        """Give every job its turn while anything fits anywhere."""
        had_room = bool(self._placing.open)
        for job, need in order:
            party = self._party(job, need)
            if party is None or self._placing.start(party):
                continue
            policy = self._rules.policies.get(job.job_class, ClassPolicy.RESERVE)
            if policy is ClassPolicy.RESERVE:
                self._backfill.note(party.jobs, party.needs)
            if policy is ClassPolicy.STRICT or (had_room and not self._placing.open):
                break

    def _party(self, job: Job, need: Need) -> Party | None:
        """Who starts with this job. None: it never fits, or its group had its turn or is not complete."""
        if job.group is None:
            return None if need.never else Party([job], [need])
        members = self._groups.get(job.group.id)
        if members is None or job.group.id in self._tried:
            return None
        self._tried.add(job.group.id)
        needs = [self._needs[member.demand] for member in members]
        return None if any(each.never for each in needs) else Party(members, needs)

    def _plan(self) -> Plan:
        """The plan, with the reason for each job that does not start."""
        placements, shapes = tuple(self._placing.placements), self._situation.shapes
        self._leave({each.job_id for each in placements})
        refusals = self._never()
        return Plan(
            placements=placements,
            reserved=tuple(self._backfill.reserved),
            waits=self._waits(refusals),
            impossible=tuple(job_id for job_id, each in refusals.items() if each.why is Why.IMPOSSIBLE),
            needs_scale=tuple(job_id for job_id, each in refusals.items() if each.why is Why.NEEDS_SCALE),
            desired=desired((job.demand for job in self._jobs), shapes) if shapes else {},
        )

    def _leave(self, placed: set[str]) -> None:
        """Go on with the jobs that were not placed."""
        if placed:
            left = [job.id not in placed for job in self._jobs]
            self._jobs = [*compress(self._jobs, left)]
            self._needs_of = [*compress(self._needs_of, left)]

    def _waits(self, refusals: Mapping[str, Waits]) -> dict[str, Waits]:
        for need in self._needs.values():
            need.waits = self._reasons.of(need)
        waits = {job.id: need.waits for job, need in zip(self._jobs, self._needs_of, strict=True)}
        for job in self._grouped:
            if job.id in waits and job.group is not None:
                waits[job.id] = self._of_group(waits[job.id], job.group.id)
        waits.update(refusals)
        return waits

    def _of_group(self, waits: Waits, group: str) -> Waits:
        """What else keeps a member: the others are not here, or there is no room for all at once."""
        if group not in self._groups:
            return waits._replace(why=Why.GROUP)
        return waits._replace(why=Why.NO_ROOM) if group in self._tried and waits.why is Why.BEHIND else waits

    def _never(self) -> dict[str, Waits]:
        """The jobs that no registered instance could hold, and those in a group with one of them."""
        if not any(need.never for need in self._needs.values()):
            return {}
        turns_left = zip(self._jobs, self._needs_of, strict=True)
        found = {job.id: self._reasons.without(need.never, need) for job, need in turns_left if need.never}
        for members in self._groups.values():
            worst = [found[job.id] for job in members if job.id in found]
            if worst:
                why = Why.IMPOSSIBLE if any(each.why is Why.IMPOSSIBLE for each in worst) else Why.NEEDS_SCALE
                found |= {job.id: found.get(job.id, worst[0])._replace(why=why) for job in members}
        return {job.id: found[job.id] for job in self._jobs if job.id in found}


class _Needs(dict[Demand, Need]):
    """Each different demand once."""

    def __missing__(self, demand: Demand) -> Need:
        need = self[demand] = Need(demand)
        return need


def _groups(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """The complete groups: those of which all members are here."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        if job.group is not None:
            groups.setdefault(job.group.id, []).append(job)
    return {key: jobs for key, jobs in groups.items() if (group := jobs[0].group) and len(jobs) == group.size}
