"""Queues that a function drains. A queue is made first, as functions are told its address."""

import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_event_sources as sources
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration
from constructs import Construct

# A message that failed so often fails for a reason that another try does not cure.
_RECEIVES = 5
# A wake says nothing that the next one does not say: three crashes are worth an alarm.
_WAKE_RECEIVES = 3
_MARGIN_SECONDS = 10


class WorkQueue(Construct):
    """Each message reaches the function at least once; what fails again and again goes to `dead_letters`.

    `timeout` is the function's. `prompt`: what failed comes back as soon as the function cannot have it any
    more; else after six times the timeout, which AWS advises so that a slow batch is not delivered twice.
    `receives`: how often a message is tried.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        timeout: Duration,
        dead_letters: sqs.IQueue,
        prompt: bool = False,
        receives: int = _RECEIVES,
    ) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=_just_above(timeout) if prompt else Duration.seconds(6 * timeout.to_seconds()),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
            enforce_ssl=True,
        )

    def drain(self, function: lambda_.Function, *, batch_size: int, max_concurrency: int) -> None:
        """Have the function drain the queue, in at most `max_concurrency` (2 or more) copies.

        This needs no reserved concurrency, of which a fresh AWS account has none to give.
        """
        function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=batch_size,
                max_concurrency=max_concurrency,
                report_batch_item_failures=True,
            )
        )


class WakeQueue(Construct):
    """Starts passes, one at a time for each group of messages; `dead` has what was given up.

    Messages of the same body are one for five minutes, unless they carry ids of their own. `timeout` is the
    function's.
    """

    def __init__(self, scope: Construct, construct_id: str, *, timeout: Duration) -> None:
        super().__init__(scope, construct_id)
        # What a FIFO queue gives up needs a FIFO queue again.
        self.dead = sqs.Queue(self, "Dead", fifo=True, retention_period=Duration.days(14), enforce_ssl=True)
        self.queue = sqs.Queue(
            self,
            "Queue",
            fifo=True,
            content_based_deduplication=True,
            # A pass that crashed blocks its group so long: hardly longer than a pass may take.
            visibility_timeout=_just_above(timeout),
            retention_period=Duration.hours(1),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead, max_receive_count=_WAKE_RECEIVES),
            enforce_ssl=True,
        )

    def drain(self, function: lambda_.Function) -> None:
        """Have the function drain the queue; there are never more copies of it than groups."""
        function.add_event_source(
            sources.SqsEventSource(self.queue, batch_size=10, report_batch_item_failures=True)
        )


def _just_above(timeout: Duration) -> Duration:
    return Duration.seconds(timeout.to_seconds() + _MARGIN_SECONDS)
