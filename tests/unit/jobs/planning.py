"""Makes jobs and instances for tests of the planner, and judges its plans."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from everyday.jobs.fit import has
from everyday.jobs.model import Amount, Demand, Group, Job, JobClass
from everyday.jobs.plan import ClassPolicy, InstanceView, Plan, Rules, Running, Situation

NOW = 1_000_000_000
MINUTE = 60_000
STRICT = Rules(policies=dict.fromkeys(JobClass, ClassPolicy.STRICT))
GREEDY = Rules(policies=dict.fromkeys(JobClass, ClassPolicy.GREEDY))


def a_job(
    job_id: str = "job",
    *,
    memory: int = 100,
    cpu: int = 0,
    gpu: int = 0,
    rank: int = 0,
    job_class: JobClass = JobClass.NORMAL,
    seconds: int | None = None,
    group: Group | None = None,
    queue: str = "default",
    ports: tuple[str, ...] = (),
    attributes: tuple[str, ...] = (),
    enqueued_at: int = NOW,
) -> Job:
    return Job(
        id=job_id,
        cluster="home",
        task_definition="worker:1",
        demand=Demand(Amount(cpu, memory, gpu), ports, attributes),
        enqueued_at=enqueued_at,
        rank=rank,
        queue=queue,
        job_class=job_class,
        estimate_seconds=seconds,
        group=group,
    )


def a_task(memory: int, ends_in: int | None = None, *, cpu: int = 0, ports: tuple[str, ...] = ()) -> Running:
    """A running task; `ends_in` seconds."""
    return Running(Demand(Amount(cpu, memory), ports), None if ends_in is None else NOW + 1000 * ends_in)


def an_instance(
    name: str = "i-1",
    *,
    memory: int = 512,
    cpu: int = 1024,
    gpu: int = 0,
    free: Amount | None = None,
    running: Sequence[Running] = (),
    ports: Iterable[str] = (),
    attributes: Mapping[str, str] | None = None,
    is_open: bool = True,
) -> InstanceView:
    """`free` is what the running tasks leave, unless it is given."""
    registered = Amount(cpu, memory, gpu)
    left = registered
    for task in running:
        left -= task.demand.amount
    held = {port for task in running for port in task.demand.ports}
    return InstanceView(
        arn=f"arn/{name}",
        ec2_id=name,
        version=1,
        registered=registered,
        free=left if free is None else free,
        ports=frozenset(ports) | held,
        attributes=attributes or {},
        running=tuple(running),
        open=is_open,
    )


def a_situation(*instances: InstanceView, **more: object) -> Situation:
    return Situation(instances, NOW)._replace(**more)


def placed(plan: Plan) -> dict[str, str]:
    """The instance of each job that starts, in the order of the plan."""
    return {each.job_id: each.instance.removeprefix("arn/") for each in plan.placements}


def reserved(plan: Plan) -> dict[str, tuple[str, int | None]]:
    """By job id: its instance, and in how many seconds it should have room."""
    return {
        each.job_id: (
            each.instance.removeprefix("arn/"),
            None if each.expected_at is None else (each.expected_at - NOW) // 1000,
        )
        for each in plan.reserved
    }


def after(situation: Situation, plan: Plan, jobs: Iterable[Job]) -> Situation:
    """The cluster when the plan was carried out."""
    by_id = {job.id: job for job in jobs}
    usage = dict(situation.usage)
    more: dict[str, list[Running]] = defaultdict(list)
    for each in plan.placements:
        job = by_id[each.job_id]
        ends_at = None if job.estimate_seconds is None else situation.now + 1000 * job.estimate_seconds
        more[each.instance].append(Running(each.demand, ends_at))
        usage[job.queue] = usage.get(job.queue, Amount()) + each.demand.amount
    instances = tuple(_with(view, more[view.arn]) for view in situation.instances)
    return situation._replace(instances=instances, usage=usage)


def _with(view: InstanceView, tasks: Sequence[Running]) -> InstanceView:
    free, ports = view.free, view.ports
    for task in tasks:
        free -= task.demand.amount
        ports |= set(task.demand.ports)
    return view._replace(free=free, ports=ports, running=(*view.running, *tasks))


def faults(plan: Plan, jobs: Sequence[Job], situation: Situation) -> list[str]:
    """What no plan may do, whatever the rules are. Empty when all is well."""
    return [*_wrong_jobs(plan, jobs), *_torn_groups(plan, jobs), *_overfull(plan, situation)]


def _wrong_jobs(plan: Plan, jobs: Sequence[Job]) -> Iterable[str]:
    ids = {job.id for job in jobs}
    starts = Counter(each.job_id for each in plan.placements)
    yield from (f"{job_id} starts {count} times" for job_id, count in starts.items() if count > 1)
    yield from (f"{job_id} does not wait" for job_id in starts.keys() - ids)
    yield from (
        f"{job_id} is neither started nor explained" for job_id in ids - starts.keys() - plan.waits.keys()
    )
    yield from (f"{job_id} is started and explained" for job_id in starts.keys() & plan.waits.keys())


def _torn_groups(plan: Plan, jobs: Sequence[Job]) -> Iterable[str]:
    starts = {each.job_id for each in plan.placements}
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if job.group:
            groups[job.group.id].append(job)
    for name, members in groups.items():
        started = sum(job.id in starts for job in members)
        if started not in {0, members[0].group.size if members[0].group else 0}:
            yield f"{started} of group {name} start"


def _overfull(plan: Plan, situation: Situation) -> Iterable[str]:
    views = {view.arn: view for view in situation.instances}
    free = {arn: view.free for arn, view in views.items()}
    ports = {arn: set(view.ports) for arn, view in views.items()}
    for each in plan.placements:
        view, demand = views[each.instance], each.demand
        free[view.arn] -= demand.amount
        if not view.open or not has(view.attributes, demand.attributes):
            yield f"{each.job_id} may not be on {view.ec2_id}"
        if not demand.amount.fits(demand.amount + free[view.arn]) or not ports[view.arn].isdisjoint(
            demand.ports
        ):
            yield f"{each.job_id} does not fit on {view.ec2_id}"
        ports[view.arn] |= set(demand.ports)
