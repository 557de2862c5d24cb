"""The addresses of a site's own names."""

from collections.abc import Sequence

import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_route53 as route53
from aws_cdk.aws_route53_targets import CloudFrontTarget
from constructs import Construct

# HTTPS tells a browser of HTTP/3 before its first request.
_TYPES = ("A", "AAAA", "HTTPS")


class SiteNames(Construct):
    """In the owner's hosted zone: each name leads to the distribution."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Sequence[str],
        hosted_zone: str,
        distribution: cloudfront.IDistribution,
    ) -> None:
        super().__init__(scope, construct_id)
        target = route53.CfnRecordSet.AliasTargetProperty(
            dns_name=distribution.distribution_domain_name,
            hosted_zone_id=CloudFrontTarget.CLOUDFRONT_ZONE_ID,
        )
        for name in names:
            for kind in _TYPES:
                route53.CfnRecordSet(
                    self,
                    f"{name}-{kind}",
                    name=f"{name}.",
                    type=kind,
                    hosted_zone_id=hosted_zone,
                    alias_target=target,
                )
