"""The distributions of the local AWS, and what is in their buckets, read through AWS's own API."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from everyday_local.edge.model import Answer, Distribution, Function

_FRESH_SECONDS = 1.0
_DROPPED = {"connection", "date", "server", "transfer-encoding", "content-length"}


class Account:
    """`clients` makes AWS clients by the name of their service; `clock` counts seconds.

    What is deployed is read again after a second.
    """

    def __init__(self, clients: Callable[[str], Any], clock: Callable[[], float]) -> None:
        self._cloudfront = clients("cloudfront")
        self._s3 = clients("s3")
        self._clock = clock
        self._turn = threading.Lock()
        self._known: Sequence[Distribution] = ()
        self._until = 0.0

    def distributions(self) -> Sequence[Distribution]:
        with self._turn:
            if self._clock() >= self._until:
                listed = self._cloudfront.list_distributions()["DistributionList"].get("Items", [])
                self._known = [self._distribution(each) for each in listed]
                self._until = self._clock() + _FRESH_SECONDS
            return self._known

    def fetch(self, distribution: Distribution, uri: str) -> Answer:
        key = unquote(distribution.folder + uri).lstrip("/")
        try:
            found = self._s3.get_object(Bucket=distribution.bucket, Key=key)
        except ClientError as error:
            return _failed(error)
        headers = {
            name: value
            for name, value in found["ResponseMetadata"]["HTTPHeaders"].items()
            if name not in _DROPPED
        }
        return Answer(200, headers, found["Body"].read())

    def invalidations(self, distribution_id: str) -> Mapping[str, Callable[[], Sequence[str]]]:
        listed = self._cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"]

        def paths(invalidation_id: str) -> Callable[[], Sequence[str]]:
            return lambda: self._paths(distribution_id, invalidation_id)

        return {each["Id"]: paths(each["Id"]) for each in listed.get("Items", [])}

    def _paths(self, distribution_id: str, invalidation_id: str) -> Sequence[str]:
        told = self._cloudfront.get_invalidation(DistributionId=distribution_id, Id=invalidation_id)
        paths: Sequence[str] = told["Invalidation"]["InvalidationBatch"]["Paths"].get("Items", [])
        return paths

    def has_store(self, arn: str) -> bool:
        try:
            name = arn.rpartition("/")[2]
            told = self._cloudfront.describe_key_value_store(Name=name)["KeyValueStore"]
        except ClientError:
            return False
        return bool(told["ARN"] == arn)

    def _distribution(self, listed: Mapping[str, Any]) -> Distribution:
        config = self._cloudfront.get_distribution_config(Id=listed["Id"])["DistributionConfig"]
        behaviour = config["DefaultCacheBehavior"]
        origin = config["Origins"]["Items"][0]
        policy = self._policy(behaviour.get("CachePolicyId"))
        key = policy.get("ParametersInCacheKeyAndForwardedToOrigin", {})
        associations = behaviour.get("FunctionAssociations", {}).get("Items", [])
        return Distribution(
            id=listed["Id"],
            domain=listed["DomainName"],
            names=config.get("Aliases", {}).get("Items", []),
            bucket=origin["DomainName"].partition(".s3")[0],
            folder=origin.get("OriginPath", ""),
            root=config.get("DefaultRootObject", ""),
            methods=behaviour.get("AllowedMethods", {}).get("Items", ["GET", "HEAD"]),
            functions={each["EventType"]: self._function(each["FunctionARN"]) for each in associations},
            ttls=(
                policy.get("MinTTL", 0),
                policy.get("DefaultTTL", 86_400),
                policy.get("MaxTTL", 31_536_000),
            ),
            query_in_key=key.get("QueryStringsConfig", {}).get("QueryStringBehavior", "none") != "none",
            gzip=bool(behaviour.get("Compress") and key.get("EnableAcceptEncodingGzip")),
            errors={
                each["ErrorCode"]: int(each.get("ErrorCachingMinTTL", 10))
                for each in config.get("CustomErrorResponses", {}).get("Items", [])
            },
            headers=self._headers(behaviour.get("ResponseHeadersPolicyId")),
        )

    def _function(self, arn: str) -> Function:
        name = arn.rpartition("/")[2]
        code = self._cloudfront.get_function(Name=name, Stage="LIVE")["FunctionCode"].read().decode()
        config = self._cloudfront.describe_function(Name=name, Stage="LIVE")["FunctionSummary"][
            "FunctionConfig"
        ]
        stores = config.get("KeyValueStoreAssociations", {}).get("Items", [])
        return Function(code, stores[0]["KeyValueStoreARN"] if stores else None)

    def _policy(self, policy_id: str | None) -> Mapping[str, Any]:
        if not policy_id:
            return {}
        config: Mapping[str, Any] = self._cloudfront.get_cache_policy_config(Id=policy_id)[
            "CachePolicyConfig"
        ]
        return config

    def _headers(self, policy_id: str | None) -> Sequence[tuple[str, str, bool]]:
        if not policy_id:
            return ()
        told = self._cloudfront.get_response_headers_policy_config(Id=policy_id)
        return policy_headers(told["ResponseHeadersPolicyConfig"])


def policy_headers(config: Mapping[str, Any]) -> Sequence[tuple[str, str, bool]]:
    """The headers of a response headers policy; CORS is left out, since no site of ours has any."""
    security = config.get("SecurityHeadersConfig", {})
    plain = {
        "content-security-policy": ("ContentSecurityPolicy", "ContentSecurityPolicy"),
        "referrer-policy": ("ReferrerPolicy", "ReferrerPolicy"),
        "x-frame-options": ("FrameOptions", "FrameOption"),
    }
    found = [
        (header, str(security[part][member]), bool(security[part]["Override"]))
        for header, (part, member) in plain.items()
        if part in security
    ]
    if "ContentTypeOptions" in security:
        found.append(("x-content-type-options", "nosniff", bool(security["ContentTypeOptions"]["Override"])))
    if "StrictTransportSecurity" in security:
        transport = security["StrictTransportSecurity"]
        found.append(("strict-transport-security", _transport(transport), bool(transport["Override"])))
    custom = config.get("CustomHeadersConfig", {}).get("Items", [])
    return [*found, *((each["Header"].lower(), each["Value"], bool(each["Override"])) for each in custom)]


def _transport(config: Mapping[str, Any]) -> str:
    value = f"max-age={config['AccessControlMaxAgeSec']}"
    value += "; includeSubDomains" * bool(config.get("IncludeSubdomains"))
    return value + "; preload" * bool(config.get("Preload"))


def _failed(error: ClientError) -> Answer:
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    code = error.response["Error"].get("Code", "")
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'
    return Answer(status, {"content-type": "application/xml"}, body.encode())
