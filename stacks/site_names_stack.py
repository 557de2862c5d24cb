"""The certificates of the sites' own names. CloudFront takes them from us-east-1 only."""

from collections.abc import Mapping

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_route53 as route53
from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.site_table import Site

_REGION = "us-east-1"


class SiteNamesStack(Stack):
    """`certificates`: of each site that has a name of its own."""

    def __init__(self, scope: Construct, construct_id: str, *, sites: Mapping[str, Site]) -> None:
        super().__init__(scope, construct_id, env=Environment(region=_REGION), cross_region_references=True)
        self.certificates = {
            name: self._certificate(name, site) for name, site in sites.items() if site.domain
        }

    def _certificate(self, name: str, site: Site) -> acm.ICertificate:
        first, *others = site.names
        return acm.Certificate(
            self,
            f"Site-{name}",
            domain_name=first,
            subject_alternative_names=others or None,
            validation=acm.CertificateValidation.from_dns(self._zone(name, site)),
        )

    def _zone(self, name: str, site: Site) -> route53.IHostedZone | None:
        if site.hosted_zone is None:
            return None
        return route53.HostedZone.from_hosted_zone_id(self, f"Zone-{name}", site.hosted_zone)
