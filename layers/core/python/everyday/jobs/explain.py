"""Why jobs wait, in sentences for their owner, and the board that holds them. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from everyday.jobs.board import Board, BoardInstance, BoardWait
from everyday.jobs.model import Amount, Job
from everyday.jobs.plan import InstanceView, Plan, Reserved, Waits, Why
from everyday.jobs.words import UNITS, minute, said

MOST_INSTANCES = 200
MOST_WAITS = 200
MOST_JOBS = 1_000
"""What a board may hold at most: with the longest ids that stays below the 400 KB of an item in DynamoDB."""

_REFRESH_MS = 300_000
_UNSEEN = Waits(Why.UNSEEN)


class Known(NamedTuple):
    """What the sentences name: the reservations by job, the EC2 ids by ARN."""

    reserved: Mapping[str, Reserved]
    ec2_ids: Mapping[str, str]


def sentence(waits: Waits, amount: Amount, known: Known, *, job_id: str | None = None) -> str:
    """Why a job that needs this much waits, such as: needs 100 MiB of memory on one instance; the largest
    free is 62 MiB; i-7 is reserved for job x from about 12:04 UTC.

    `job_id`: whose own reservation is told; without it that of the job before it.
    """
    parts = [_MAIN[waits.why](waits, amount)]
    own = known.reserved.get(job_id or "")
    if own:
        parts.append(f"{known.ec2_ids.get(own.instance, own.instance)} is reserved for it{_from(own)}")
    elif waits.reserved_for:
        parts.append(_of_another(waits, known))
    return "; ".join(parts)


def board_of(
    cluster: str,
    plan: Plan,
    waiting: Sequence[Job],
    instances: Sequence[InstanceView],
    *,
    at: int,
    total: int | None = None,
) -> Board:
    """What a pass has to say. `waiting`: the jobs that were looked at, in rank order."""
    reserved = {it.job_id: it for it in plan.reserved}
    known = Known(reserved, {it.arn: it.ec2_id for it in instances})
    placed = {it.job_id for it in plan.placements}
    left = [job for job in waiting if job.id not in placed]
    waits, places = _waits(left, plan, known)
    return Board(
        cluster=cluster,
        at=at,
        waiting=len(left) if total is None else total,
        instances_total=len(instances),
        instances=tuple(_instances(instances, plan)),
        waits=waits,
        waits_of=places,
    )


def impossible(waiting: Sequence[Job], plan: Plan) -> dict[str, str]:
    """Why each of these jobs can never start, by job id: for its own demand, or for one of its group's."""
    jobs = {job.id: job for job in waiting}
    return {job_id: _never(jobs[job_id], plan.waits[job_id]) for job_id in plan.impossible}


def _never(job: Job, waits: Waits) -> str:
    if job.group:
        return f"its group {job.group.id} has a job that no instance here could ever hold"
    return sentence(waits, job.demand.amount, Known({}, {}))


def trouble_of(cluster: str, trouble: str, last: Board | None, *, at: int) -> Board:
    """The last board with the reason why there is no newer one."""
    return replace(last or Board(cluster=cluster, at=at), at=at, trouble=trouble)


def worth_writing(new: Board, last: Board | None) -> bool:
    """Whether the new board says anything else than the last, or the last is old by now."""
    if last is None or new.at - last.at >= _REFRESH_MS:
        return True
    return replace(new, at=last.at) != last


def _waits(jobs: Sequence[Job], plan: Plan, known: Known) -> tuple[tuple[BoardWait, ...], dict[str, int]]:
    """The kinds of waiting, and which kind each job's is; beyond what a board holds jobs are not named."""
    kinds: dict[tuple[Amount, str], int] = {}
    whys: list[tuple[Amount, Why, str]] = []
    counts: Counter[int] = Counter()
    places: dict[str, int] = {}
    for job in jobs[:MOST_JOBS]:
        waits, amount = plan.waits.get(job.id, _UNSEEN), job.demand.amount
        text = sentence(waits, amount, known, job_id=job.id)
        kind = kinds.get((amount, text))
        if kind is None:
            if len(whys) == MOST_WAITS:
                continue
            kind = kinds[amount, text] = len(whys)
            whys.append((amount, waits.why, text))
        counts[kind] += 1
        places[job.id] = kind
    found = tuple(
        BoardWait(amount=amount, why=why, text=text, jobs=counts[kind])
        for kind, (amount, why, text) in enumerate(whys)
    )
    return found, places


def _instances(instances: Sequence[InstanceView], plan: Plan) -> list[BoardInstance]:
    """As they are once the plan's placements are made."""
    taken: dict[str, list[Amount]] = {}
    for placement in plan.placements:
        taken.setdefault(placement.instance, []).append(placement.demand.amount)
    reserved = {it.instance: it for it in reversed(plan.reserved)}
    shown = sorted(instances, key=lambda it: (it.arn not in reserved, it.ec2_id, it.arn))[:MOST_INSTANCES]
    return [_instance(it, taken.get(it.arn, []), reserved.get(it.arn)) for it in shown]


def _instance(instance: InstanceView, taken: Sequence[Amount], reserved: Reserved | None) -> BoardInstance:
    return BoardInstance(
        ec2_id=instance.ec2_id,
        arn=instance.arn,
        registered=instance.registered,
        free=instance.free - sum(taken, Amount()),
        tasks=len(instance.running) + len(taken),
        open=instance.open,
        reserved_for=reserved.job_id if reserved else None,
        expected_at=_minute(reserved),
    )


def _minute(reserved: Reserved | None) -> int | None:
    """Estimates are no more exact than that, and the board need not change with every pass."""
    if reserved is None or reserved.expected_at is None:
        return None
    return reserved.expected_at - reserved.expected_at % 60_000


def _needs(waits: Waits, amount: Amount) -> str:
    """The dimensions by the planner's names; what is no amount is an attribute or a host port."""
    others = [it for it in waits.lacks if it not in UNITS]
    if others:
        return f"no open instance has free what it needs: {', '.join(others)}"
    if amount.fits(waits.largest) or not waits.lacks:
        return f"needs {said(amount)} at once on one instance"
    return "; ".join(
        f"needs {UNITS[it](amount)} on one instance; the largest free is {UNITS[it](waits.largest)}"
        for it in waits.lacks
    )


def _of_another(waits: Waits, known: Known) -> str:
    reserved = known.reserved.get(waits.reserved_for or "")
    instance = waits.instance or (reserved.instance if reserved else "")
    where = known.ec2_ids.get(instance, instance) or "the room"
    return f"{where} is reserved for job {waits.reserved_for}{_from(reserved)}"


def _from(reserved: Reserved | None) -> str:
    if reserved is None:
        return ""
    if reserved.expected_at is None:
        return "; nobody knows from when, because what runs there gave no estimate"
    return f" from about {minute(reserved.expected_at)}"


_MAIN: Mapping[Why, Callable[[Waits, Amount], str]] = {
    Why.NO_ROOM: _needs,
    Why.RESERVED: lambda waits, amount: f"{_needs(waits, amount)}, and that room is kept for another",
    Why.BEHIND: lambda *_: "a job before it must start first",
    Why.GROUP: lambda *_: "starts with its whole group, which is not here or does not fit yet",
    Why.NEEDS_SCALE: lambda waits, amount: f"{_needs(waits, amount)}; waits for another instance",
    Why.IMPOSSIBLE: lambda _, amount: f"needs {said(amount)}, and no instance here could ever hold it",
    Why.DEPENDS: lambda *_: "waits for the jobs it depends on",
    Why.UNSEEN: lambda *_: "jobs before it are looked at first",
}
