"""A machine that plays schedulers, ECS and its events against the planner and the reservations."""

from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_state import MemoryState
from everyday.errors import LedgerConflict
from everyday.jobs import planner
from everyday.jobs.life import claimed, confirmed, requeued, stopped
from everyday.jobs.model import Amount, Demand, Group, Job, JobClass, Overrides, State, Task
from everyday.jobs.plan import Plan, Rules, Situation
from everyday.jobs.ports import Lane, View
from everyday.jobs.rank import rank_of
from tests.faults.jobs.plan_checks import least, wrong_with
from tests.faults.jobs.truth import Truth

CLUSTER, STEP_MS = "main", 3_600_000
SIZES = st.sampled_from([20, 60, 64, 92, 98, 100, 150])
ANY = st.integers(0, 1_000)


class Machine(RuleBasedStateMachine):
    """Several schedulers: what one planned, another may have changed before it is reserved.

    `plans`: not reserved yet. `calls`: claimed, and RunTask not made. `answers`: made, and not heard. `told`:
    events that were delivered, which may come again. `lost_room`: instances on which somebody took room that
    was promised; `moved`: calls whose room was taken elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_770_000_000_000
        self.truth = Truth(292, 192, 100)
        self.state, self.ledger = MemoryState(lambda: self.now, new_id=_counted()), MemoryLedger()
        self.plans: list[tuple[View, Plan, Mapping[str, Job]]] = []
        self.calls: list[Job] = []
        self.answers: list[tuple[Job, Task]] = []
        self.told: list[Any] = []
        self.lost_room: set[str] = set()
        self.moved: set[str] = set()
        self.versions: dict[str, int] = {}
        self.names = count()
        self.rebuild()

    # Schedulers

    @rule(memory=SIZES, job_class=st.sampled_from(JobClass), seconds=st.sampled_from([None, 5, 60, 600]))
    def submit(self, memory: int, job_class: JobClass, seconds: int | None) -> None:
        self._submit(f"j{9_999 - next(self.names)}", memory, job_class, seconds, None)

    @rule(memory=SIZES, job_class=st.sampled_from(JobClass))
    def submit_group(self, memory: int, job_class: JobClass) -> None:
        group = Group(f"g{next(self.names)}", 2)
        for number in range(2):
            self._submit(f"{group.id}-{number}", memory, job_class, 60, group)

    def _submit(
        self, name: str, memory: int, job_class: JobClass, seconds: int | None, group: Group | None
    ) -> None:
        job = Job(
            id=name,
            cluster=CLUSTER,
            task_definition="work",
            demand=Demand(Amount(10, memory)),
            enqueued_at=self.now,
            rank=rank_of(self.now, job_class, STEP_MS),
            job_class=job_class,
            estimate_seconds=seconds,
            group=group,
        )
        self.ledger.add(job, Overrides())

    @rule()
    def plan(self) -> None:
        view = self.state.view(CLUSTER)
        if view is None:  # a pass that sees nothing asks for a reading
            self.rebuild()
            return
        waiting = list(self.ledger.listed(CLUSTER, Lane.WAITING))
        made = planner.plan(waiting, Situation(view.instances, self.now), Rules())
        wrong = wrong_with(made, waiting, view.instances, self.now)
        assert not wrong, wrong
        self.plans = [*self.plans[-1:], (view, made, {job.id: job for job in waiting})]

    @precondition(lambda self: self.plans)
    @rule(which=ANY)
    def reserve(self, which: int) -> None:
        """And claim: a claim that is lost gives its room back, unless it is held for who won it."""
        view, made, seen = self.plans.pop(which % len(self.plans))
        self._note_moves(made)
        given = self.state.reserve(CLUSTER, view.epoch, made.placements, ends_at={}, now=self.now)
        for group in {it.group for it in made.placements if it.group}:
            members = {it.job_id for it in made.placements if it.group == group}
            assert given >= members or not given & members, f"group {group} is reserved in part"
        for placement in made.placements:
            if placement.job_id in given:
                self._claim(seen[placement.job_id], placement.instance)

    def _note_moves(self, made: Plan) -> None:
        """Who plans an attempt for another place takes its room with it, also from a call under way."""
        for it in made.placements:
            for job in self.calls:
                if (job.id, job.attempt) == (it.job_id, it.attempt) and job.instance != it.instance:
                    self.moved.add(f"{job.id}/{job.attempt}")
                    self.lost_room.add(job.instance or "")

    def _claim(self, job: Job, instance: str) -> None:
        key = f"{job.id}/{job.attempt}"
        new = claimed(
            job,
            instance=instance,
            ec2_id=f"ec2-{instance}",
            call=key,
            token=key,
            deadline=self.now + 180_000,
            now=self.now,
        )
        try:
            self.calls.append(self.ledger.put(new))
        except LedgerConflict:
            it = self.ledger.jobs[job.id]
            if (it.state, it.attempt, it.instance) != (State.PLACING, job.attempt, instance):
                self.state.release(CLUSTER, [job])

    @precondition(lambda self: self.calls)
    @rule(which=ANY)
    def run(self, which: int) -> None:
        job = self.calls.pop(which % len(self.calls))
        instance = job.instance or ""
        task = self.truth.run(instance, job.demand, job.call)
        if task is not None:
            self.answers.append((job, task))
            return
        gone = self.truth.boxes[instance].status != "ACTIVE"
        assert gone or instance in self.lost_room, f"{job.id} was refused, and nobody else took the room"
        self._put(requeued(job, "refused", now=self.now))
        self.state.release(CLUSTER, [job])
        self.state.suspect(CLUSTER, instance, until=self.now + 60_000)
        if not gone:
            self.state.put_instance(CLUSTER, self.truth.boxes[instance].told())

    @precondition(lambda self: self.answers)
    @rule(which=ANY)
    def hear(self, which: int) -> None:
        job, task = self.answers.pop(which % len(self.answers))
        now = self.ledger.jobs[job.id]
        if now.state is State.PLACING and now.attempt == job.attempt:
            self._put(confirmed(now, task.arn, instance=task.instance, now=self.now))
        self.state.accept(CLUSTER, job, task)

    @rule()
    def whole_pass(self) -> None:
        """One scheduler comes through without anybody between."""
        self.plan()
        if self.plans:
            self.reserve(len(self.plans) - 1)
        while self.calls:
            self.run(0)
        while self.answers:
            self.hear(0)

    # ECS, and others

    @precondition(lambda self: self.truth.tasks())
    @rule(which=ANY, ended=st.booleans())
    def stop(self, which: int, ended: bool) -> None:
        tasks = self.truth.tasks()
        task = tasks[which % len(tasks)]
        if ended:
            self.truth.stopped(task)
        else:
            self.truth.stopping(task)

    @rule(which=ANY, memory=SIZES)
    def others(self, which: int, memory: int) -> None:
        """Somebody else starts a task."""
        boxes = [it for it in self.truth.boxes.values() if it.status == "ACTIVE"]
        if boxes:
            box = boxes[which % len(boxes)]
            if self.truth.run(box.arn, Demand(Amount(0, memory)), None):
                self.lost_room.add(box.arn)

    @rule(which=ANY, memory=st.sampled_from([100, 292]), really=st.integers(0, 3))
    def replace_instance(self, which: int, memory: int, really: int) -> None:
        if really < 3:
            return
        boxes = [it for it in self.truth.boxes.values() if it.status == "ACTIVE"]
        self.truth.lose(boxes[which % len(boxes)].arn)
        self.truth.join(memory)

    @rule(seconds=st.sampled_from([1, 4, 15]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000

    # What is told

    @precondition(lambda self: self.truth.told)
    @rule(which=ANY, times=st.integers(1, 2))
    def deliver(self, which: int, times: int) -> None:
        event = self.truth.told.pop(which % len(self.truth.told))
        self.told.append(event)
        for _ in range(times):
            self._deliver(event)

    @rule()
    def deliver_all(self) -> None:
        """Everything, in order."""
        while self.truth.told:
            self.told.append(self.truth.told.pop(0))
            self._deliver(self.told[-1])

    @precondition(lambda self: self.told)
    @rule(which=ANY)
    def deliver_again(self, which: int) -> None:
        self._deliver(self.told[-1 - which % len(self.told)])

    def _deliver(self, event: Any) -> None:
        if isinstance(event, Task):
            self._follow(event)
            self.state.put_task(CLUSTER, event)
        else:
            self.state.put_instance(CLUSTER, event)

    def _follow(self, task: Task) -> None:
        job = self.ledger.jobs.get((task.started_by or "").rpartition("/")[0])
        if job is None or job.state.final or task.started_by != f"{job.id}/{job.attempt}":
            return
        job = self._put(confirmed(job, task.arn, instance=task.instance, now=self.now))
        if task.status == "STOPPED":
            self._put(stopped(job, task, now=self.now))

    @rule()
    def rebuild(self) -> None:
        """A complete reading, and the ledger repaired by it."""
        ticket = self.state.begin_rebuild(CLUSTER)
        instances, tasks = self.truth.instances(), self.truth.tasks()
        for task in tasks:
            self._follow(task)
        placing = [it for it in self.ledger.listed(CLUSTER, Lane.OPEN) if it.state is State.PLACING]
        self.state.replace(CLUSTER, ticket, instances, tasks, placing, now=self.now)

    @rule(really=st.integers(0, 3))
    def wipe(self, really: int) -> None:
        """Seldom: while nothing is known, nothing can go wrong."""
        if really == 3:
            self.state.wipe()
            self.versions.clear()

    # What always holds

    @invariant()
    def room_is_never_less_than_none_and_never_given_twice(self) -> None:
        for view in self._views():
            assert least(view.free) >= 0, f"{view.arn} has less than nothing free"
            held = sum((it.demand.amount for it in view.running), Amount())
            for part in ("cpu", "memory", "gpu"):
                free = getattr(view.free, part)
                taken = getattr(held, part) + free
                assert free == 0 or taken <= getattr(view.registered, part), f"{view.arn} is given twice"

    @invariant()
    def what_runs_or_is_about_to_is_counted(self) -> None:
        for view in self._views():
            box = self.truth.boxes[view.arn]
            if box.status != "ACTIVE":
                continue
            calls = [it for it in self.calls if it.instance == view.arn]
            due = Counter(it.demand.amount.memory for it in calls if it.call not in self.moved)
            tasks = [it for it in box.tasks.values() if it.started_by not in {None, *self.moved}]
            due += Counter(it.demand.amount.memory for it in tasks)
            counted = Counter(it.demand.amount.memory for it in view.running)
            assert due <= counted, f"{view.arn} forgets what holds its room: {due} and not {counted}"

    @invariant()
    def a_job_has_one_live_task_at_most(self) -> None:
        live = Counter((it.started_by or "").rpartition("/")[0] for it in self.truth.tasks())
        assert all(it == 1 for job_id, it in live.items() if job_id), f"two live tasks: {live}"

    @invariant()
    def versions_never_go_back(self) -> None:
        views = self._views()
        for view in views:
            assert view.version >= self.versions.get(view.arn, 0), f"{view.arn} went back in time"
        # One that a reading no longer shows is forgotten; a late event may bring it back until the next.
        self.versions = {view.arn: view.version for view in views}

    def _views(self) -> Any:
        view = self.state.view(CLUSTER)
        return view.instances if view else ()

    def _put(self, job: Job) -> Job:
        return job if job == self.ledger.jobs[job.id] else self.ledger.put(job)


def _counted() -> Any:
    numbers = count()
    return lambda: f"id{next(numbers)}"
