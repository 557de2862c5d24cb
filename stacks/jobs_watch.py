"""The alarms of `jobs`: what failed, what fell silent, and what waits too long."""

from collections.abc import Sequence

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.cluster_state import ClusterState
from stacks.constructs.thin_function import ThinFunction
from stacks.constructs.watch import AtLeast, Below, Watch
from stacks.constructs.work_queue import WakeQueue

_WAIT_SECONDS = 24 * 3600
_WAKE_SECONDS = 10 * 60
_FULL_PERCENT = 80


class JobsWatch(Construct):
    """Tells `topic`."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._watch = Watch(self, "Watch", topic=topic)

    def work(self, functions: Sequence[ThinFunction], dead_letters: sqs.IQueue) -> None:
        """Whether messages are given up, or a function fails."""
        self._watch.dead_letters("DeadLetters", dead_letters)
        for each in functions:
            self._watch.errors(each.node.id, each.function)

    def passes(self, wakes: WakeQueue) -> None:
        """Whether the scheduler is at work, and jobs get their turn."""
        self._watch.dead_letters("DeadWakes", wakes.dead)
        age = wakes.queue.metric_approximate_age_of_oldest_message(
            period=Duration.minutes(5), statistic="Maximum"
        )
        text = (
            "No pass over a cluster for ten minutes: job_scheduler does not run or does not end. See its log."
        )
        self._watch.alarm("WakesWait", age, AtLeast, _WAKE_SECONDS, text)
        text = "A job has waited for a day. Run: everyday jobs queue"
        self._watch.alarm("JobsWait", _oldest_wait(), AtLeast, _WAIT_SECONDS, text)

    def state(self, snapshot: ThinFunction, state: ClusterState) -> None:
        """Whether what is known of the clusters is young, and fits."""
        runs = snapshot.function.metric_invocations(period=Duration.minutes(15), statistic="Sum")
        text = "cluster_snapshot has not run for a quarter of an hour, so no job starts. See its log."
        self._watch.alarm("SnapshotSilent", runs, Below, 1, text, silence_is_bad=True)
        text = "Valkey is nearly full; when it is, no job starts. Give it a larger node."
        self._watch.alarm("StateFull", state.memory_percent(), AtLeast, _FULL_PERCENT, text)


def _oldest_wait() -> cloudwatch.Metric:
    """What `job_scheduler` prints in every pass."""
    return cloudwatch.Metric(
        namespace="everyday/jobs",
        metric_name="OldestWaitSeconds",
        statistic="Maximum",
        period=Duration.minutes(5),
    )
