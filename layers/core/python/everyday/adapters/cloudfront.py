"""A distribution's control plane: invalidations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from everyday.adapters.aws import translated
from everyday.errors import EdgeUnavailable

if TYPE_CHECKING:
    from types_boto3_cloudfront.client import CloudFrontClient


class CloudFrontCdn:
    """The Cdn port over one distribution. While too many invalidations are under way (3,000 paths), it is
    EdgeUnavailable."""

    def __init__(self, client: CloudFrontClient, distribution: str) -> None:
        self._client = client
        self._distribution = distribution

    def invalidate(self, paths: Sequence[str], *, reference: str) -> str:
        items = sorted({quote(path, safe="/*%-._~") for path in paths})
        with translated(EdgeUnavailable, "invalidating"):
            answer = self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "Paths": {"Quantity": len(items), "Items": items},
                    "CallerReference": reference,
                },
            )
        return answer["Invalidation"]["Id"]

    def invalidated(self, invalidation_id: str) -> bool:
        with translated(EdgeUnavailable, "reading an invalidation"):
            answer = self._client.get_invalidation(DistributionId=self._distribution, Id=invalidation_id)
        return answer["Invalidation"]["Status"] == "Completed"
