"""The stable name of the machine, in the owner's hosted zone."""

from __future__ import annotations

from typing import Any

from everyday.adapters.aws import translated
from everyday.errors import NamesUnavailable

TTL_SECONDS = 60
"""A machine that comes back has another address: nobody should keep the old one for longer than a boot."""


class Route53Name:
    """The NameServer port: one A record."""

    def __init__(self, client: Any, hosted_zone: str, domain: str) -> None:
        self._client = client
        self._hosted_zone = hosted_zone
        self._domain = domain

    def point(self, address: str) -> None:
        record = {
            "Name": self._domain,
            "Type": "A",
            "TTL": TTL_SECONDS,
            "ResourceRecords": [{"Value": address}],
        }
        with translated(NamesUnavailable, f"pointing {self._domain} to {address}"):
            self._client.change_resource_record_sets(
                HostedZoneId=self._hosted_zone,
                ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
            )
