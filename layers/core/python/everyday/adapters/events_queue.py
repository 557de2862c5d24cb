"""The queue of events: who needs a cluster read anew asks for it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from everyday.adapters.aws import translated
from everyday.errors import EventsUnavailable
from everyday.jobs.messages import Reconcile

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


class SqsRebuilds:
    """The Rebuilds port. Requests that a younger reading answers cost nothing, so asking often is fine."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def rebuild(self, cluster: str) -> None:
        body = msgspec.json.encode(Reconcile(reconcile=cluster)).decode()
        with translated(EventsUnavailable, f"asking for a reading of {cluster}"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body)
