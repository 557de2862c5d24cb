"""What the owner is told, by the topic of the alarms."""

from __future__ import annotations

from typing import Any

from everyday.adapters.aws import translated
from everyday.errors import EventsUnavailable


class TopicOwner:
    """The Owner port over an SNS topic, which the owner has subscribed to. At least once."""

    def __init__(self, client: Any, topic: str, name: str) -> None:
        self._client = client
        self._topic = topic
        self._subject = f"CloudTop {name}"[:100]  # SNS API reference, Publish: a subject has at most 100

    def tell(self, text: str) -> None:
        with translated(EventsUnavailable, "telling the owner"):
            self._client.publish(TopicArn=self._topic, Subject=self._subject, Message=text)
