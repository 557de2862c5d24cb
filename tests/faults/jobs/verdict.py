"""What a history of the stand-in and a ledger come to: everything that is wrong, as sentences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from everyday.jobs.lanes import lane_of
from everyday.jobs.model import Amount
from everyday.jobs.ports import Lane, Ledger
from everyday.jobs.simulator.history import Happened, Kind
from everyday_local.ecs.history import Transition

Owner = tuple[str, int]


class Owners(Protocol):
    """Says for which attempt of which job a task was started; None: nobody knows."""

    def __call__(self, task: str, call: str, siblings: Sequence[str]) -> Owner | None: ...


def happened(
    transitions: Iterable[Transition],
    owner_of: Owners,
    *,
    submitted: Mapping[str, int],
    ended: Mapping[str, int],
) -> list[Happened]:
    """The history in the order of time; `submitted` and `ended` by job id, in milliseconds."""
    transitions = list(transitions)
    calls: defaultdict[str, list[str]] = defaultdict(list)
    for each in transitions:
        if each.started_by and each.task not in calls[each.started_by]:
            calls[each.started_by].append(each.task)
    lines = [(at, 0, Happened(at, Kind.SUBMITTED, job_id)) for job_id, at in submitted.items()]
    lines += [(at, 2, Happened(at, Kind.ENDED, job_id)) for job_id, at in ended.items()]
    lines += [(line.at, 1, line) for line in _of_tasks(transitions, owner_of, calls)]
    return [line for _, _, line in sorted(lines, key=lambda it: it[:2])]


def _of_tasks(
    transitions: Iterable[Transition], owner_of: Owners, calls: Mapping[str, Sequence[str]]
) -> Iterable[Happened]:
    known: dict[str, str] = {}
    owners: dict[str, Owner | None] = {}
    for each in transitions:
        before, known[each.task] = known.get(each.task), each.status
        if each.task not in owners:
            call = each.started_by
            owners[each.task] = (owner_of(each.task, call, calls[call]) or ("?", 0)) if call else None
        job_id, attempt = owners[each.task] or ("", None)
        demand = Amount(each.demand.cpu, each.demand.memory, each.demand.gpus)
        line = Happened(
            round(each.at.timestamp() * 1000),
            Kind.ACCEPTED,
            job_id,
            each.task,
            each.instance,
            attempt,
            demand,
        )
        if before is None:
            yield line
        if each.status != before and each.status in {"RUNNING", "STOPPED"}:
            yield line._replace(what=Kind.RUNNING if each.status == "RUNNING" else Kind.STOPPED)


def unaccounted(ledger: Ledger, cluster: str, wanted: Iterable[str], *, final: bool) -> list[str]:
    """Jobs that are in no lane of the ledger, in two, or in another than they should be; if all must be
    `final`, those that are not."""
    wanted = list(wanted)
    jobs = ledger.get_many(wanted)
    lanes: defaultdict[str, list[Lane]] = defaultdict(list)
    for lane in Lane:
        for job in ledger.listed(cluster, lane):
            lanes[job.id].append(lane)
    found = [f"{job_id} is not in the ledger" for job_id in wanted if job_id not in jobs]
    for job_id, job in jobs.items():
        if lanes[job_id] != [lane_of(job)]:
            found.append(f"{job_id} is {job.state} and listed as {lanes[job_id]}")
        if final and not job.outcome.final:
            found.append(f"{job_id} is {job.state} still: {job.reason}")
    return found
