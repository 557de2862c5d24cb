"""What sets the keeper to work: the clock, EC2's events, the owner's hours, the month's bill."""

import aws_cdk.aws_budgets as budgets
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_scheduler as scheduler
import aws_cdk.aws_scheduler_targets as scheduled
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
from aws_cdk import Duration, Stack, TimeZone
from constructs import Construct

from stacks.acknowledgements import acknowledge_wildcards
from stacks.cloudtop_table import Cloudtop

_SOURCES = ["aws.ec2", "aws.ec2spotfleet", "aws.autoscaling"]
_KINDS = [
    "EC2 Instance Rebalance Recommendation",
    "EC2 Instance State-change Notification",
    "EC2 Spot Fleet Error",
    "EC2 Spot Fleet Information",
    "EC2 Spot Fleet Instance Change",
    "EC2 Spot Fleet State Change",
    "EC2 Spot Instance Interruption Warning",
]
_BILLED = ["Amazon Elastic Compute Cloud - Compute", "EC2 - Other"]


class CloudtopRules(Construct):
    """All of it calls `keeper`."""

    def __init__(self, scope: Construct, construct_id: str, *, keeper: lambda_.IFunction) -> None:
        super().__init__(scope, construct_id)
        self._keeper = keeper

    def looks(self) -> None:
        """Once a minute, since a shortage of spot capacity tells nobody; and when EC2 says something."""
        minute = events.Schedule.rate(Duration.minutes(1))
        again = targets.LambdaFunction(
            self._keeper, event=events.RuleTargetInput.from_object({"look": "tick"})
        )
        events.Rule(self, "Tick", schedule=minute, targets=[again])
        pattern = events.EventPattern(source=_SOURCES, detail_type=_KINDS)
        told = targets.LambdaFunction(self._keeper)
        events.Rule(self, "Changes", event_pattern=pattern, targets=[told])

    def hours(self, cloudtop: Cloudtop) -> None:
        """Up and down at the owner's times of day."""
        for wish, time in (("up", cloudtop.start_at), ("down", cloudtop.stop_at)):
            if time:
                self._daily(wish, time, cloudtop.days, TimeZone.of(cloudtop.time_zone))

    def cap(self, monthly_usd: int) -> None:
        """Down when EC2 has cost so much in a month. AWS updates what it has cost a few times a day."""
        topic = sns.Topic(self, "Bill", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        topic.add_subscription(subscriptions.LambdaSubscription(self._keeper))
        budget = budgets.CfnBudget(
            self,
            "Cap",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=monthly_usd, unit="USD"),
                cost_filters={"Service": _BILLED},
            ),
            notifications_with_subscribers=[_passed(topic)],
        )
        # AWS Budgets tries the topic when the budget is made.
        budget.node.add_dependency(topic)

    def _daily(self, wish: str, time: str, days: str, zone: TimeZone) -> None:
        hour, minute = time.split(":")
        scheduler.Schedule(
            self,
            f"At-{wish}",
            schedule=scheduler.ScheduleExpression.cron(
                hour=hour, minute=minute, week_day=days, time_zone=zone
            ),
            target=scheduled.LambdaInvoke(
                self._keeper,
                input=scheduler.ScheduleTargetInput.from_object({"wish": wish, "reason": "schedule"}),
            ),
        )
        acknowledge_wildcards(
            Stack.of(self),
            f"{self._keeper.function_arn}:*",
            because="The scheduler may call the keeper in any version; there is only one.",
        )


def _passed(topic: sns.ITopic) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type="ACTUAL",
            comparison_operator="GREATER_THAN",
            threshold=100,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(address=topic.topic_arn, subscription_type="SNS")],
    )
