"""What the distributions of all sites share: how long they keep things, and which headers they add."""

import aws_cdk.aws_cloudfront as cloudfront
from aws_cdk import Duration
from constructs import Construct

# What S3 says of an object besides its content; nobody's business.
_INSIDE = [
    "x-amz-checksum-sha256",
    "x-amz-checksum-type",
    "x-amz-server-side-encryption",
    "x-amz-version-id",
]


class EdgePolicies(Construct):
    """An account has room for 20 of each kind, so sites share them where they can."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        year = Duration.days(365)
        # An object's key is its content's hash: the edge may keep it for ever. The minimum counts even when
        # the origin says `no-cache`, which is for browsers (CloudFront developer guide, «Managing how long
        # content stays in the cache»). Addresses' queries and cookies are none of S3's business.
        self.cache = cloudfront.CachePolicy(
            self,
            "Cache",
            comment="Content by its hash, for ever",
            min_ttl=year,
            default_ttl=year,
            max_ttl=year,
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
        self._usual: cloudfront.ResponseHeadersPolicy | None = None

    def headers(self, site: str, csp: str | None) -> cloudfront.ResponseHeadersPolicy:
        """The security headers, which a site's own `_headers` go before. `csp`: the site's own policy."""
        if csp:
            return self._headers(f"Headers-{site}", csp)
        self._usual = self._usual or self._headers("Headers", None)
        return self._usual

    def _headers(self, construct_id: str, csp: str | None) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            construct_id,
            remove_headers=_INSIDE,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), override=False
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=False),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN,
                    override=False,
                ),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.SAMEORIGIN, override=False
                ),
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=csp, override=False
                )
                if csp
                else None,
            ),
        )
