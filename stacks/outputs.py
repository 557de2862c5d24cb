"""CloudFormation outputs are the command line's address book."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct


def publish(stack: Stack, **addresses: str) -> None:
    """Give each address its plain name, whatever constructs are called."""
    scope = Construct(stack, "Outputs")
    for name, value in addresses.items():
        CfnOutput(scope, name, value=value).override_logical_id(name)
