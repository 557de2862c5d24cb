"""A role with policies of AWS's own, where a service asks for just these."""

import aws_cdk.aws_iam as iam
from constructs import Construct

from stacks.acknowledgements import acknowledge

_FINDING = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{}]"


def service_role(scope: Construct, construct_id: str, service: str, *policies: str, because: str) -> iam.Role:
    """A role that only `service`, such as `dlm`, can take. `because`: why AWS's policies are good enough."""
    role = iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(each) for each in policies],
    )
    acknowledge(role, *(_FINDING.format(each) for each in policies), because=because)
    return role
