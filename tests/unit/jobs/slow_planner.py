"""A planner that looks at everything every time: slow, and short enough to be believed.

It knows single jobs only. It shares what an instance is (`Room`) and the reservations with the real one, but
no index, no bound, no memory of what was in vain, no grouping by demand, and it reserves at once.
"""

from collections.abc import Sequence

from everyday.jobs.backfill import Backfill, end_of, lasting_of
from everyday.jobs.fit import Need, offers
from everyday.jobs.index import Index
from everyday.jobs.model import Job
from everyday.jobs.plan import ClassPolicy, Rules, Situation
from everyday.jobs.room import Room

_LOOKED_AT = 8


def slow_plan(waiting: Sequence[Job], situation: Situation, rules: Rules) -> dict[str, str]:
    """The instance of each job that starts."""
    index = Index(sorted(situation.instances))
    backfill = Backfill(index, situation.now, rules)
    starts: dict[str, str] = {}
    for job in sorted(waiting, key=lambda job: (job.rank, job.id)):
        need = Need(job.demand)
        if not any(offers(view.registered, view.attributes, job.demand) for view in situation.instances):
            continue
        room = _best(job, need, [*index.having(())], situation.now)
        if room is not None:
            room.take(need, situation.now, end_of(situation.now, lasting_of(job)))
            starts[job.id] = room.arn
        elif rules.policies[job.job_class] is ClassPolicy.STRICT:
            break
        elif rules.policies[job.job_class] is ClassPolicy.RESERVE:
            backfill.note([job], [need])
            backfill.settle()
    return starts


def _best(job: Job, need: Need, rooms: Sequence[Room], now: int) -> Room | None:
    end = end_of(now, lasting_of(job))
    fitting = [
        room
        for room in rooms
        if room.fits(need) and (room.timeline is None or room.timeline.admits(need, end))
    ]
    return min(fitting[:_LOOKED_AT], key=lambda room: (_cost(room, need, now, end), room.arn), default=None)


def _cost(room: Room, need: Need, now: int, end: int) -> float:
    return room.looseness(need) + max(0, end - room.busy_until(now)) / (end - now)
