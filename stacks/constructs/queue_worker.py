"""A queue and the function that drains it."""

import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_event_sources as sources
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration
from constructs import Construct

# A message that failed so often fails for a reason that another try does not cure.
_RECEIVES = 5


class QueueWorker(Construct):
    """Each message reaches the function at least once; what fails again and again goes to `dead_letters`.

    At most `max_concurrency` (2 or more) copies of the function drain the queue. This needs no reserved
    concurrency, of which a fresh AWS account has none to give.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        dead_letters: sqs.IQueue,
        batch_size: int,
        max_concurrency: int,
    ) -> None:
        super().__init__(scope, construct_id)
        timeout = function.timeout or Duration.seconds(3)
        self.queue = sqs.Queue(
            self,
            "Queue",
            # AWS asks for six times the function's timeout, so that a slow batch is not delivered twice.
            visibility_timeout=Duration.seconds(6 * timeout.to_seconds()),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=_RECEIVES),
            enforce_ssl=True,
        )
        function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=batch_size,
                max_concurrency=max_concurrency,
                report_batch_item_failures=True,
            )
        )
