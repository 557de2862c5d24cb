"""Alarms that tell the owner. Each says what happened and what to do."""

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration
from constructs import Construct

AtLeast = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
Below = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class Watch(Construct):
    """Watches one capability and tells `topic`."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic

    def dead_letters(self, construct_id: str, queue: sqs.IQueue) -> None:
        """Tell when a message was given up."""
        metric = queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(5))
        text = "A message was given up. Read it in the dead-letter queue, cure the cause, then redrive it."
        self.alarm(construct_id, metric, AtLeast, 1, text)

    def errors(self, construct_id: str, function: lambda_.IFunction) -> None:
        """Tell when the function failed as a whole."""
        metric = function.metric_errors(period=Duration.hours(1))
        self.alarm(construct_id, metric, AtLeast, 1, f"{construct_id}: the function failed. See its log.")

    def alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        comparison: cloudwatch.ComparisonOperator,
        threshold: float,
        text: str,
        *,
        periods: int = 1,
        silence_is_bad: bool = False,
    ) -> None:
        """Tell when the metric is so for so many periods; `silence_is_bad`: no data counts as bad data."""
        missing = cloudwatch.TreatMissingData
        alarm = metric.create_alarm(
            self,
            construct_id,
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=periods,
            alarm_description=text,
            treat_missing_data=missing.BREACHING if silence_is_bad else missing.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
