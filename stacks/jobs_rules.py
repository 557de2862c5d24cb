"""What starts the functions of `jobs` besides messages: the clock, and what ECS tells."""

from collections.abc import Sequence

import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration
from constructs import Construct

from stacks.jobs_access import Clusters

_PASS_MINUTES = 1
_RECONCILE_MINUTES = 5
_KINDS = ["ECS Task State Change", "ECS Container Instance State Change"]


class JobsRules(Construct):
    """EventBridge's rules about the clusters; what cannot be handed over goes to `dead_letters`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, clusters: Clusters, dead_letters: sqs.IQueue
    ) -> None:
        super().__init__(scope, construct_id)
        self._clusters, self._dead_letters = clusters, dead_letters

    def ticks(self, wakes: sqs.IQueue) -> None:
        """A pass over each cluster every minute, if nothing else asks for one."""
        self._every("Tick", _PASS_MINUTES, [self._tick(name, wakes) for name in self._clusters.names])

    def reconciles(self, queue: sqs.IQueue) -> None:
        """A complete reading of each cluster every five minutes: events can be lost."""
        readings = [self._message(queue, reconcile=name) for name in self._clusters.names]
        self._every("Reconcile", _RECONCILE_MINUTES, readings)

    def changes(self, queue: sqs.IQueue, sources: Sequence[str]) -> None:
        """What ECS tells of the clusters' tasks and instances."""
        pattern = events.EventPattern(
            source=list(sources), detail_type=_KINDS, detail={"clusterArn": self._clusters.arns}
        )
        target = targets.SqsQueue(queue, dead_letter_queue=self._dead_letters)
        events.Rule(self, "Changes", event_pattern=pattern, targets=[target])

    def _every(self, construct_id: str, minutes: int, to: Sequence[events.IRuleTarget]) -> None:
        rate = events.Schedule.rate(Duration.minutes(minutes))
        events.Rule(self, construct_id, schedule=rate, targets=list(to))

    def _tick(self, cluster: str, wakes: sqs.IQueue) -> events.IRuleTarget:
        return self._message(wakes, group=cluster, cluster=cluster)

    def _message(self, queue: sqs.IQueue, *, group: str | None = None, **fields: str) -> events.IRuleTarget:
        # The event's id makes each body another one: a FIFO queue would take the same for a duplicate.
        body = events.RuleTargetInput.from_object({**fields, "tick": events.EventField.event_id})
        return targets.SqsQueue(
            queue, message=body, message_group_id=group, dead_letter_queue=self._dead_letters
        )
