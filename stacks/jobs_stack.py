"""jobs: container jobs on ECS, in priority order."""

from typing import Any

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration, Environment, Stack
from constructs import Construct

from everyday.settings import ClusterSettings, IngestSettings, SchedulerSettings, Settings
from stacks import jobs_access as access
from stacks.assets import Layers
from stacks.config import Jobs
from stacks.constructs.cluster_state import ClusterState
from stacks.constructs.instances import Instances
from stacks.constructs.network import Network
from stacks.constructs.thin_function import ThinFunction
from stacks.constructs.work_queue import WakeQueue, WorkQueue
from stacks.jobs_rules import JobsRules
from stacks.jobs_watch import JobsWatch
from stacks.outputs import publish
from stacks.stage import Stage
from stacks.table import interval

OWN_CLUSTER = "everyday"
SAMPLE_FAMILY = "everyday-sample"

# Four tries of a silent service take 79 seconds.
_TIMEOUT = Duration.minutes(2)
# A wrong job is given up at once, with the reason; a healthy one outlasts a ledger that is away for hours.
_JOB_RECEIVES = 100


class JobsStack(Stack):
    """Three functions between four queues, Valkey in a network, and a cluster unless the owner has one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        jobs: Jobs,
        ledger: dynamodb.ITable,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id, env=Environment(region=stage.region))
        self._stage, self._jobs, self._ledger = stage, jobs, ledger
        self._clusters = access.Clusters(self, jobs.clusters or [OWN_CLUSTER])
        self._layers = Layers(self, "Layers", stage=stage).all
        self._network = Network(self, "Network", stage=stage)
        self._state = ClusterState(self, "State", network=self._network)
        self._roles = access.TaskRoles(self, "Tasks")
        self._own = None if jobs.clusters else self._instances()
        self._queues()
        self._ingest = self._job_ingest()
        self._scheduler = self._job_scheduler()
        self._snapshot = self._cluster_snapshot()
        self._drain()
        self._rules()
        self._watch(alarms)
        self._outputs()

    def _instances(self) -> Instances:
        return Instances(
            self,
            "Instances",
            stage=self._stage,
            name=OWN_CLUSTER,
            arn=self._clusters.arns[0],
            types=self._jobs.instance_types,
            spot=self._jobs.spot,
            most=self._jobs.max_instances,
            network=self._network,
        )

    def _queues(self) -> None:
        self._dead_letters = sqs.Queue(
            self, "DeadLetters", retention_period=Duration.days(14), enforce_ssl=True
        )
        letters = self._dead_letters
        self._jobs_queue = WorkQueue(
            self, "Jobs", timeout=_TIMEOUT, dead_letters=letters, prompt=True, receives=_JOB_RECEIVES
        )
        self._events = WorkQueue(self, "Events", timeout=_TIMEOUT, dead_letters=letters, prompt=True)
        self._wakes = WakeQueue(self, "Wakes", timeout=_TIMEOUT)

    def _job_ingest(self) -> ThinFunction:
        settings = IngestSettings(
            jobs_table=self._ledger.table_name,
            wake_queue_url=self._wakes.queue.queue_url,
            dead_letters_url=self._dead_letters.queue_url,
            clusters=tuple(self._clusters.names),
            families=self._families(),
            class_step_seconds=_seconds(self._jobs.class_step),
            keep_days=self._jobs.keep_days,
            ecs_url=self._stage.ecs_url,
        )
        worker = self._function("JobIngest", "job_ingest", settings, memory_mib=512)
        access.let_ingest(
            worker, ledger=self._ledger, wakes=self._wakes.queue, dead_letters=self._dead_letters
        )
        return worker

    def _job_scheduler(self) -> ThinFunction:
        jobs = self._jobs
        settings = SchedulerSettings(
            **self._cluster_settings(),
            dead_letters_url=self._dead_letters.queue_url,
            policies=jobs.policies,
            weights=tuple(f"{queue}={weight}" for queue, weight in jobs.queues.items()),
            fairness_seconds=_seconds(jobs.fairness),
            starve_after_seconds=_seconds(jobs.starve_after),
            groups=self._groups(),
        )
        # Lambda gives a whole processor to 1,769 MB; planning is the only thing here that computes.
        worker = self._function(
            "JobScheduler", "job_scheduler", settings, memory_mib=1769, network=self._inside()
        )
        access.let_schedule(
            worker,
            ledger=self._ledger,
            queues=[self._wakes.queue, self._events.queue, self._dead_letters],
            state=self._state.secret.secret_arn,
            clusters=self._clusters,
            families=self._families(),
            roles=self._task_roles(),
        )
        if self._own:
            access.let_grow(worker, group=self._own.group)
        return worker

    def _cluster_snapshot(self) -> ThinFunction:
        settings = ClusterSettings(**self._cluster_settings())
        worker = self._function(
            "ClusterSnapshot",
            "cluster_snapshot",
            settings,
            memory_mib=512,
            network=self._inside(),
        )
        access.let_snapshot(
            worker,
            ledger=self._ledger,
            wakes=self._wakes.queue,
            state=self._state.secret.secret_arn,
            clusters=self._clusters,
        )
        return worker

    def _families(self) -> tuple[str, ...]:
        """Local mode runs samples of its own too."""
        return (*self._jobs.families, SAMPLE_FAMILY) if self._stage.free else self._jobs.families

    def _groups(self) -> tuple[str, ...]:
        """A stand-in for ECS has no machines behind it that could be asked for."""
        if self._own is None or self._stage.ecs_url:
            return ()
        return (f"{OWN_CLUSTER}={self._own.group.auto_scaling_group_name}",)

    def _cluster_settings(self) -> dict[str, Any]:
        """What all functions that look at clusters are told."""
        local = self._stage.state_url
        return {
            "jobs_table": self._ledger.table_name,
            "wake_queue_url": self._wakes.queue.queue_url,
            "events_queue_url": self._events.queue.queue_url,
            "clusters": tuple(self._clusters.names),
            "state_url": local or self._state.url,
            "state_secret": None if local else self._state.secret.secret_arn,
            "keep_days": self._jobs.keep_days,
            "ecs_url": self._stage.ecs_url,
        }

    def _inside(self) -> Network | None:
        """Only Valkey has no address outside the network."""
        return None if self._stage.state_url else self._network

    def _function(
        self,
        construct_id: str,
        name: str,
        settings: Settings,
        *,
        memory_mib: int,
        network: Network | None = None,
    ) -> ThinFunction:
        return ThinFunction(
            self,
            construct_id,
            name=name,
            settings=settings,
            layers=self._layers,
            timeout=_TIMEOUT,
            memory_mib=memory_mib,
            network=network,
        )

    def _task_roles(self) -> list[str]:
        others = [
            self.format_arn(service="iam", region="", resource="role", resource_name=name)
            for name in self._jobs.task_roles
        ]
        return [self._roles.execution.role_arn, self._roles.task.role_arn, *others]

    def _drain(self) -> None:
        self._jobs_queue.drain(self._ingest.function, batch_size=10, max_concurrency=2)
        self._events.drain(self._snapshot.function, batch_size=10, max_concurrency=3)
        self._wakes.drain(self._scheduler.function)

    def _rules(self) -> None:
        rules = JobsRules(self, "Rules", clusters=self._clusters, dead_letters=self._dead_letters)
        rules.ticks(self._wakes.queue)
        rules.reconciles(self._events.queue)
        rules.changes(self._events.queue, self._stage.ecs_sources)

    def _watch(self, topic: sns.ITopic) -> None:
        watch = JobsWatch(self, "Alarms", topic=topic)
        watch.work([self._ingest, self._scheduler, self._snapshot], self._dead_letters)
        watch.passes(self._wakes)
        watch.state(self._snapshot, self._state)

    def _outputs(self) -> None:
        publish(
            self,
            JobIngest=self._ingest.function.function_name,
            JobScheduler=self._scheduler.function.function_name,
            ClusterSnapshot=self._snapshot.function.function_name,
            JobsQueueUrl=self._jobs_queue.queue.queue_url,
            WakeQueueUrl=self._wakes.queue.queue_url,
            EventsQueueUrl=self._events.queue.queue_url,
            JobsDeadLettersUrl=self._dead_letters.queue_url,
            Clusters=",".join(self._clusters.names),
            TaskExecutionRole=self._roles.execution.role_arn,
            TaskRole=self._roles.task.role_arn,
            TaskLogs=self._roles.logs.log_group_name,
        )


def _seconds(text: str) -> int:
    return int(interval(text).total_seconds())
