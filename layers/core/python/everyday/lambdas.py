"""What every handler needs from the Lambda it runs in."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import boto3  # noqa: F401 - the first call needs it; a Lambda that starts has a whole processor to import it
import msgspec

from everyday.ports import TimeLeft

log = logging.getLogger("everyday")


class Context(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int: ...


def time_left(context: Context) -> TimeLeft:
    """Seconds until Lambda stops the function."""
    return lambda: context.get_remaining_time_in_millis() / 1000


def tell(event: str, report: object) -> Any:
    """Log the event with the report as a field, and return the report as JSON."""
    answer = msgspec.to_builtins(report)
    log.info(event, extra={"report": answer})
    return answer


def metric_line(namespace: str, name: str, value: float, *, at: datetime) -> str:
    """A line of output that CloudWatch turns into a metric (embedded metric format): no call, no cost."""
    return metrics_line(namespace, {name: value}, at=at)


def metrics_line(namespace: str, values: Mapping[str, float], *, at: datetime) -> str:
    """The same for several metrics at once."""
    metrics = [{"Name": name} for name in values]
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}
    header = {"Timestamp": round(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": header, **values})
