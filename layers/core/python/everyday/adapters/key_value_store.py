"""The edge's key-value store, by CloudFront's data plane.

Every change names the tag of the store as it was, so changes follow each other and none is lost. `get` takes
one request; `change` one, and one for each 50 keys (two when there is a pointer: the live value is read under
the tag that the change names).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of, pauses, translated
from everyday.errors import EdgeUnavailable, SiteConflict
from everyday.site.edge import LIVE, changes_of

if TYPE_CHECKING:
    from types_boto3_cloudfront_keyvaluestore.client import CloudFrontKeyValueStoreClient

MOST_KEYS = 50
"""Keys in one call (CloudFront's quotas)."""
_ATTEMPTS = 6
# A tag that is no longer the store's is told as a conflict, or as a value that is not valid.
_MOVED = {"ConflictException", "ValidationException"}
_FULL = "the store is full: let fewer releases be kept (keep_releases, keep_days)"


class CloudFrontPointer:
    """The Pointer port over one store. `sleep` waits between attempts at a store that others change too."""

    def __init__(
        self,
        client: CloudFrontKeyValueStoreClient,
        arn: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._arn = arn
        self._sleep = sleep

    def get(self, key: str) -> str | None:
        with translated(EdgeUnavailable, f"reading {key} of the edge's store"):
            try:
                return self._client.get_key(KvsARN=self._arn, Key=key)["Value"]
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
        return None

    def change(
        self,
        puts: Mapping[str, str],
        deletes: Sequence[str],
        *,
        pointer: tuple[str, int] | None,
        base: int = 0,
    ) -> bool:
        waits = iter(pauses(_ATTEMPTS, base=0.2))
        while True:
            try:
                return self._attempt(puts, deletes, pointer, base)
            except _Moved as moved:
                # Somebody else changed the store, or it was us and the reply was lost: all is written again,
                # which changes nothing where it is written already.
                wait = next(waits, None)
                if wait is None:
                    raise EdgeUnavailable("the edge's store is changed by others all the time") from moved
                self._sleep(wait)

    def _attempt(
        self, puts: Mapping[str, str], deletes: Sequence[str], pointer: tuple[str, int] | None, base: int
    ) -> bool:
        tag = self._tag()
        if pointer or base:
            # Read after the tag: whoever writes in between takes the tag away.
            live = self.get(LIVE)
            if pointer and live != pointer[0] and changes_of(live) >= pointer[1]:
                return False
            if changes_of(live) < base:
                raise SiteConflict("an earlier change of the edge's store never came to its end")
        for step in _steps(puts, deletes, pointer[0] if pointer else None):
            tag = self._update(tag, *step)
        return True

    def _tag(self) -> str:
        with translated(EdgeUnavailable, "reading the edge's store"):
            return self._client.describe_key_value_store(KvsARN=self._arn)["ETag"]

    def _update(self, tag: str, puts: Mapping[str, str], deletes: Sequence[str]) -> str:
        with translated(EdgeUnavailable, "changing the edge's store"):
            try:
                return self._client.update_keys(
                    KvsARN=self._arn,
                    IfMatch=tag,
                    Puts=[{"Key": key, "Value": value} for key, value in puts.items()],
                    Deletes=[{"Key": key} for key in deletes],
                )["ETag"]
            except ClientError as error:
                code = code_of(error)
                if code == "ServiceQuotaExceededException":
                    raise EdgeUnavailable(f"changing the edge's store: {code}; {_FULL}") from error
                if code in _MOVED and self._tag() != tag:
                    raise _Moved from error
                raise


class _Moved(Exception):
    """The store no longer has the tag that a change named."""


Step = tuple[dict[str, str], list[str]]


def _steps(puts: Mapping[str, str], deletes: Sequence[str], live: str | None) -> Iterator[Step]:
    """What each call does: puts first, then `live` and the first of the deletes, then the other deletes.

    Values come before the pointer that leads to them, and nothing goes while the old pointer may lead to it.
    """
    calls = list(_puts(puts, room=MOST_KEYS if live is None else MOST_KEYS - 1))
    last = calls.pop() if calls else {}
    yield from ((call, []) for call in calls)
    if live is not None:
        last[LIVE] = live
    gone = [key for key in deletes if key not in puts]
    room = MOST_KEYS - len(last)
    if last or gone:
        yield last, gone[:room]
    for start in range(room, len(gone), MOST_KEYS):
        yield {}, gone[start : start + MOST_KEYS]


def _puts(puts: Mapping[str, str], *, room: int) -> Iterator[dict[str, str]]:
    """The puts in calls of at most `room` keys."""
    keys = sorted(puts)
    for start in range(0, len(keys), room):
        yield {key: puts[key] for key in keys[start : start + room]}


def keep_address(client: Any, url: str) -> None:
    """Let a client speak to a stand-in: botocore puts the account's number before every host, and
    `123456789012.127.0.0.1` is none."""

    def aim(request: Any, **_: Any) -> None:
        path = request.url.partition("://")[2].partition("/")[2]
        request.url = f"{url.rstrip('/')}/{path}"

    client.meta.events.register_first("request-created.cloudfront-keyvaluestore", aim)
