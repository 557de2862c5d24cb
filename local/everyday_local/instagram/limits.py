"""The two rate limits and the headers that tell how near they are."""

import json
import math
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from everyday_local.instagram.graph_errors import THROTTLES, GraphError

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


class Limits:
    """Calls per rolling hour (application) and per rolling 24 hours (application and user).

    Meta documents 200 calls an hour for each user and 4800 a day for each impression; the defaults are
    those of an application of 200 users and an account with 10 impressions.
    """

    def __init__(self, *, hourly: int = 40_000, daily: int = 48_000) -> None:
        self.hourly, self.daily = hourly, daily
        self._calls: deque[datetime] = deque()

    def spend(self, now: datetime) -> None:
        """Count a call. Raises GraphError 4 or 80002; a refused call is not counted."""
        while self._calls and now - self._calls[0] >= DAY:
            self._calls.popleft()
        if self._within(HOUR, now) >= self.hourly:
            raise GraphError(4, minutes=self._wait(HOUR, self.hourly, now))
        if len(self._calls) >= self.daily:
            raise GraphError(80002, minutes=self._wait(DAY, self.daily, now))
        self._calls.append(now)

    def headers(self, user_id: str, now: datetime, error: GraphError | None = None) -> Mapping[str, str]:
        """X-App-Usage and X-Business-Use-Case-Usage; shares in percent, times in minutes."""
        throttled = error is not None and error.code in THROTTLES
        app = self._percent(self._within(HOUR, now), self.hourly)
        user = self._percent(len(self._calls), self.daily)
        if error is not None and throttled:
            app, user = (100, user) if error.code == 4 else (app, 100)
        business = {
            "type": "instagram",
            "call_count": user,
            "total_cputime": user // 2,
            "total_time": user // 2,
            "estimated_time_to_regain_access": error.minutes if error and throttled else 0,
        }
        return {
            "x-app-usage": json.dumps({"call_count": app, "total_time": app // 2, "total_cputime": app // 2}),
            "x-business-use-case-usage": json.dumps({user_id: [business]}),
        }

    def _within(self, span: timedelta, now: datetime) -> int:
        if span >= DAY:
            return len(self._calls)
        count = 0
        for call in reversed(self._calls):
            if now - call >= span:
                break
            count += 1
        return count

    def _wait(self, span: timedelta, budget: int, now: datetime) -> int:
        """Minutes until one call is free again, rounded up."""
        oldest = self._calls[-budget] if budget else now
        return max(1, math.ceil((oldest + span - now).total_seconds() / 60))

    @staticmethod
    def _percent(used: int, budget: int) -> int:
        return min(100, used * 100 // budget) if budget else 100
