"""Findings of the checkers that we looked at and live with; a test compares them all with a reviewed list."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, *findings: str, because: str) -> None:
    """Accept these findings, such as `AwsSolutions::AwsSolutions-S1`, at one construct and below it."""
    for finding in findings:
        Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=because))
