"""Findings of the checkers that we looked at and live with; a test compares them all with a reviewed list."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, *findings: str, because: str) -> None:
    """Accept these findings, such as `AwsSolutions::AwsSolutions-S1`, at one construct and below it."""
    for finding in findings:
        Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=because))


def acknowledge_wildcards(construct: IConstruct, *resources: str, because: str) -> None:
    """Accept that policies at this construct and below it name these resources, which have a `*` in them."""
    stack = Stack.of(construct)
    names = [_name(stack.resolve(each)) for each in resources]
    acknowledge(
        construct, *(f"AwsSolutions::AwsSolutions-IAM5[Resource::{each}]" for each in names), because=because
    )


def acknowledge_reads(construct: IConstruct) -> None:
    """Accept that a policy allows some actions on everything; a test holds which ones these may be."""
    reason = "AWS knows no resource for some actions, and all of these only read."
    acknowledge_wildcards(construct, "*", because=reason)


def _name(resolved: Any) -> str:
    """As cdk-nag writes what is not known before the deployment: in angle brackets."""
    if isinstance(resolved, str):
        return resolved
    (function, value) = next(iter(resolved.items()))
    if function == "Fn::Join":
        return str(value[0]).join(_name(each) for each in value[1])
    return f"<{value if isinstance(value, str) else '.'.join(value)}>"
