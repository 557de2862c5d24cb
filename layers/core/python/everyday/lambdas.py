"""What every handler needs from the Lambda it runs in."""

import json
import logging
from datetime import datetime
from typing import Protocol

import msgspec

from everyday.ports import TimeLeft

log = logging.getLogger("everyday")


class Context(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int: ...


def time_left(context: Context) -> TimeLeft:
    """Seconds until Lambda stops the function."""
    return lambda: context.get_remaining_time_in_millis() / 1000


def tell(event: str, **fields: object) -> None:
    """Log an event with fields; Lambda's JSON format keeps them as they are."""
    log.info(event, extra={name: msgspec.to_builtins(value) for name, value in fields.items()})


def metric_line(namespace: str, name: str, value: float, *, at: datetime) -> str:
    """A line of output that CloudWatch turns into a metric (embedded metric format): no call, no cost."""
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": [{"Name": name}]}
    header = {"Timestamp": round(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": header, name: value})
