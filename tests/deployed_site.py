"""A site in the local AWS: its bucket, its store, and its distribution with the functions of this project."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from stacks.edge_functions import VIEWER_REQUEST, VIEWER_RESPONSE, edge_function

NOTHING: dict[str, Any] = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}


class Deployed:
    """A site as its stack deploys it, by AWS's API, under `<name>.localhost`."""

    def __init__(self, client: Callable[[str], Any], name: str | None = None) -> None:
        self._cloudfront, self.s3 = client("cloudfront"), client("s3")
        self.name = name or f"site-{uuid4().hex[:8]}"
        self.host = f"{self.name}.localhost"
        self.s3.create_bucket(Bucket=self.name)
        self.store = str(self._cloudfront.create_key_value_store(Name=self.name)["KeyValueStore"]["ARN"])
        self.id = self._distribution()

    def _function(self, name: str) -> str:
        config: Any = {
            "Comment": "",
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": {"Quantity": 1, "Items": [{"KeyValueStoreARN": self.store}]},
        }
        made = self._cloudfront.create_function(
            Name=f"{self.name}-{name}", FunctionConfig=config, FunctionCode=edge_function(name).encode()
        )
        self._cloudfront.publish_function(Name=f"{self.name}-{name}", IfMatch=made["ETag"])
        return str(made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])

    def _policies(self) -> dict[str, str]:
        keyed = {**NOTHING, "EnableAcceptEncodingGzip": True, "EnableAcceptEncodingBrotli": True}
        year: Any = {"MinTTL": 31_536_000, "MaxTTL": 31_536_000, "DefaultTTL": 31_536_000}
        cache = self._cloudfront.create_cache_policy(
            CachePolicyConfig={"Name": self.name, **year, "ParametersInCacheKeyAndForwardedToOrigin": keyed}
        )
        security: Any = {
            "ContentTypeOptions": {"Override": False},
            "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 7},
            "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
        }
        headers = self._cloudfront.create_response_headers_policy(
            ResponseHeadersPolicyConfig={"Name": self.name, "SecurityHeadersConfig": security}
        )
        return {
            "CachePolicyId": cache["CachePolicy"]["Id"],
            "ResponseHeadersPolicyId": headers["ResponseHeadersPolicy"]["Id"],
        }

    def _distribution(self) -> str:
        names = {"viewer-request": VIEWER_REQUEST, "viewer-response": VIEWER_RESPONSE}
        functions = [{"EventType": kind, "FunctionARN": self._function(name)} for kind, name in names.items()]
        origin = {"Id": "s3", "DomainName": f"{self.name}.s3.us-east-1.amazonaws.com"}
        made = self._cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": self.name,
                "Comment": "",
                "Enabled": True,
                "Aliases": {"Quantity": 1, "Items": [self.host]},
                "Origins": {
                    "Quantity": 1,
                    "Items": [{**origin, "S3OriginConfig": {"OriginAccessIdentity": ""}}],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "s3",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "Compress": True,
                    "FunctionAssociations": {"Quantity": 2, "Items": functions},
                    **self._policies(),
                },
                "CustomErrorResponses": {
                    "Quantity": 1,
                    "Items": [{"ErrorCode": 404, "ErrorCachingMinTTL": 3}],
                },
            }
        )
        return str(made["Distribution"]["Id"])

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(
            Bucket=self.name,
            Key=key,
            Body=text.encode(),
            ContentType="text/html; charset=utf-8",
            CacheControl="no-cache",
        )

    def invalidate(self, path: str) -> None:
        batch = {"Paths": {"Quantity": 1, "Items": [path]}, "CallerReference": uuid4().hex}
        self._cloudfront.create_invalidation(DistributionId=self.id, InvalidationBatch=batch)
