"""The instance's metadata service, version 2: a token first, then plain GETs. Standard library only."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from everyday.cloudtop.machine.ports import CloudError

TIMEOUT_SECONDS = 2
TOKEN_SECONDS = 21600
"""The longest life that the service gives a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """EC2 will end the machine at `time`, in seconds since 1970; None when it did not say when."""

    action: str
    time: float | None


class Imds:
    """All methods raise CloudError (`passing`) when the service does not answer as promised."""

    def __init__(self, address: str, *, clock: Callable[[], float] = monotonic) -> None:
        self._base = address.rstrip("/") + "/latest"
        self._clock = clock
        # No proxy of the environment may see the token or answer for this machine.
        self._open = build_opener(ProxyHandler({})).open
        self._token = ""
        self._token_until = 0.0

    def instance(self) -> str:
        return self._needed("meta-data/instance-id")

    def zone(self) -> str:
        return self._needed("meta-data/placement/availability-zone")

    def region(self) -> str:
        return self._needed("meta-data/placement/region")

    def notice(self) -> Notice | None:
        """The two minutes' notice; None while there is none."""
        text = self._get("meta-data/spot/instance-action")
        return None if text is None else parse_notice(text)

    def rebalance(self) -> bool:
        """EC2 recommends to leave: the machine is at higher risk, and may stay for hours."""
        return self._get("meta-data/events/recommendations/rebalance") is not None

    def _needed(self, path: str) -> str:
        text = self._get(path)
        if text is None:
            raise CloudError(f"the metadata service has no {path}", passing=True)
        return text

    def _get(self, path: str) -> str | None:
        """None for 404. A token that the service forgot is asked for once more."""
        for _ in range(2):
            headers = {"X-aws-ec2-metadata-token": self._current_token()}
            status, text = self._call(Request(f"{self._base}/{path}", headers=headers))  # noqa: S310 - see __init__
            if status != 401:
                break
            self._token_until = 0.0
        if status == 404:
            return None
        if status != 200:
            raise CloudError(f"the metadata service answered {status} for {path}", passing=True)
        return text

    def _current_token(self) -> str:
        if self._clock() >= self._token_until:
            headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            request = Request(f"{self._base}/api/token", method="PUT", headers=headers)  # noqa: S310 - as above
            status, self._token = self._call(request)
            if status != 200:
                raise CloudError(f"the metadata service answered {status} for a token", passing=True)
            self._token_until = self._clock() + TOKEN_SECONDS - 300
        return self._token

    def _call(self, request: Request) -> tuple[int, str]:
        try:
            with self._open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read(65536).decode()
        except HTTPError as error:
            with error:
                return error.code, ""
        except (OSError, ValueError) as error:
            raise CloudError(f"the metadata service does not answer: {error}", passing=True) from error


def parse_notice(text: str) -> Notice:
    """What `spot/instance-action` says. An answer we do not understand still means: leave now."""
    try:
        content = json.loads(text)
        return Notice(action=str(content["action"]), time=datetime.fromisoformat(content["time"]).timestamp())
    except (ValueError, KeyError, TypeError):
        return Notice(action="unknown", time=None)
