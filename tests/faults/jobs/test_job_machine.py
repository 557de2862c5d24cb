"""Planner and reservations against a machine that tries everything; and the bugs that it must find."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from everyday.adapters import memory_state
from everyday.adapters.memory_cluster import MemoryCluster
from everyday.adapters.memory_ledger import MemoryLedger
from everyday.jobs import planner
from everyday.jobs.instance_state import InstanceState
from everyday.jobs.model import Amount, ContainerInstance, Job, Task
from everyday.jobs.placing import Party, Placing
from everyday.jobs.plan import Placement, Plan, Rules, Situation
from everyday.jobs.ports import Freed
from everyday.jobs.timeline import Timeline
from everyday.jobs.vacancy import Hold
from tests.faults.jobs.machine import Machine

_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
WELL = settings(max_examples=100, stateful_step_count=50, **_COMMON)
HUNT = settings(
    max_examples=1_500,
    stateful_step_count=50,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    **_COMMON,
)


def test_planner_and_reservations_keep_their_promises_whatever_happens() -> None:
    run_state_machine_as_test(Machine, settings=WELL)


Patch = pytest.MonkeyPatch


def _sum_instead_of_one_instance(patch: Patch) -> None:
    real = planner.plan

    def plan(waiting: Sequence[Job], situation: Situation, rules: Rules) -> Plan:
        total = sum((view.free for view in situation.instances), Amount())
        views = tuple(view._replace(free=total) for view in situation.instances)
        return real(waiting, situation._replace(instances=views), rules)

    patch.setattr(planner, "plan", plan)


def _numbers_as_text(patch: Patch) -> None:
    def fits(self: Amount, room: Amount) -> bool:
        return all(str(getattr(self, it)) <= str(getattr(room, it)) for it in ("cpu", "memory", "gpu"))

    patch.setattr(Amount, "fits", fits)


def _free_when_told_to_stop(patch: Patch) -> None:
    patch.setattr(Task, "stopped", property(lambda self: self.desired == "STOPPED"))


def _freed_twice(patch: Patch) -> None:
    real = MemoryCluster.put_task

    def put_task(self: MemoryCluster, task: Task, ends_at: int | None) -> Freed:
        answer, it = real(self, task, ends_at), self.instances.get(task.instance or "")
        if task.stopped and not answer.applied and it:
            for arn in list(it.tasks)[:1]:
                it.forget_task(arn)
        return answer

    patch.setattr(MemoryCluster, "put_task", put_task)


def _the_last_event_wins(patch: Patch) -> None:
    real = MemoryCluster.put_instance

    def put_instance(self: MemoryCluster, record: ContainerInstance) -> Freed:
        known = self.instances.get(record.arn)
        if known and known.record:
            known.record = replace(known.record, version=-1)
        return real(self, record)

    patch.setattr(MemoryCluster, "put_instance", put_instance)


def _a_group_in_part(patch: Patch) -> None:
    def together(placements: Sequence[Placement]) -> list[list[Placement]]:
        return [[it] for it in placements]

    patch.setattr(memory_state, "together", together)


def _a_group_planned_in_part(patch: Patch) -> None:
    def start(self: Placing, party: Party) -> bool:
        return self._start_one(party.jobs[0], party.needs[0])

    patch.setattr(Placing, "_start_all", start)


def _reservations_do_not_count(patch: Patch) -> None:
    real = InstanceState.holds

    def holds(self: InstanceState, now: int) -> Iterator[Hold]:
        yield from list(real(self, now))[: len(self.tasks)]

    patch.setattr(InstanceState, "holds", holds)


def _backfill_past_the_time_told(patch: Patch) -> None:
    patch.setattr(Timeline, "admits", lambda self, need, until: True)


def _a_claim_of_others_is_no_obstacle(patch: Patch) -> None:
    real = MemoryLedger.put

    def put(self: MemoryLedger, job: Job) -> Job:
        return real(self, replace(job, version=self.jobs[job.id].version))

    patch.setattr(MemoryLedger, "put", put)


def _names_before_ranks(patch: Patch) -> None:
    real: Callable[..., Any] = planner.ranked
    patch.setattr(planner, "ranked", lambda jobs: sorted(real(jobs), key=lambda job: job.id))


def _a_record_forgets_reservations(patch: Patch) -> None:
    real = MemoryCluster.put_instance

    def put_instance(self: MemoryCluster, record: ContainerInstance) -> Freed:
        answer, it = real(self, record), self.instances.get(record.arn)
        if answer.applied and it:
            it.reservations.clear()
            it.touch()
        return answer

    patch.setattr(MemoryCluster, "put_instance", put_instance)


PLANTED: dict[str, tuple[Callable[[Patch], None], str]] = {
    "the cluster's sum instead of one instance": (_sum_instead_of_one_instance, "more than is free"),
    "numbers compared as text": (
        _numbers_as_text,
        "given twice|nobody else took|more than is free|passed over",
    ),
    "room is free when a task is told to stop": (_free_when_told_to_stop, "forgets|nobody else took"),
    "room is freed again by a doubled event": (_freed_twice, "forgets|nobody else took"),
    "the last event wins": (_the_last_event_wins, "back in time"),
    "a group is reserved in part": (_a_group_in_part, "reserved in part"),
    "a group is planned in part": (_a_group_planned_in_part, "planned in part"),
    "reservations do not count": (_reservations_do_not_count, "forgets|nobody else took"),
    "backfill past the time that was told": (_backfill_past_the_time_told, "is delayed"),
    "a claim of others is no obstacle": (_a_claim_of_others_is_no_obstacle, "two live tasks|forgets"),
    "names before ranks": (_names_before_ranks, "passed over"),
    "a newer record forgets reservations": (_a_record_forgets_reservations, "forgets|nobody else took"),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_the_machine_finds_a_planted_bug(bug: str, monkeypatch: Patch) -> None:
    plant, said = PLANTED[bug]
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=said):
        run_state_machine_as_test(Machine, settings=HUNT)
