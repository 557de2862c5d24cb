"""Where alarms arrive, and the alarm on the bill. Shared by all capabilities."""

import aws_cdk.aws_budgets as budgets
import aws_cdk.aws_iam as iam
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.config import Config
from stacks.outputs import publish
from stacks.stage import Stage


class AlarmsStack(Stack):
    """A topic that mails the owner, and a monthly budget."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, config: Config) -> None:
        super().__init__(scope, construct_id, env=Environment(region=stage.region))
        self.topic = sns.Topic(self, "Topic", display_name="everyday", enforce_ssl=True)
        if email := config.everyday.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self._let_in("cloudwatch", "budgets")
        self._let_rules_in()
        if stage.knows(budgets.CfnBudget.CFN_RESOURCE_TYPE_NAME):
            self._budget(config.budget_usd)
        publish(self, AlarmTopic=self.topic.topic_arn)

    def _let_in(self, *services: str) -> None:
        # The TLS rule replaces the topic's default policy, which had let the account's alarms in.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in services],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )

    def _let_rules_in(self) -> None:
        # EventBridge names no account when it publishes to a topic, so a condition would shut it out; a rule
        # reaches topics of its own account only (EventBridge user guide, «Amazon SNS permissions»).
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
            )
        )

    def _budget(self, monthly_usd: int) -> None:
        owner = budgets.CfnBudget.SubscriberProperty(address=self.topic.topic_arn, subscription_type="SNS")
        budget = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=monthly_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[owner],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )
        # AWS Budgets tries the topic when the budget is made.
        budget.node.add_dependency(self.topic)
