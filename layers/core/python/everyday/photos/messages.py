"""The messages of `photos`: what its functions are sent and what they publish.

The envelopes are EventBridge's and SQS's and may grow keys; what is inside them is ours and is read strictly.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from everyday.errors import InvalidMessageError
from everyday.record import END, Message

SOURCE = "everyday.photos"
STORED = "photo.stored"
CONTINUE = "backup.continue"

MediumId = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9_-]{{1,64}}{END}", description="A medium's id.")]
WalkId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="A walk's id.")]


class PhotoStored(Message, frozen=True):
    """`photo.stored`: the archive holds all of a medium, or its new description; the blog may have it."""

    id: MediumId


class BackupContinue(Message, frozen=True):
    """`backup.continue`: a backup saved its place in this walk and wants to go on."""

    walk: WalkId


class BackupRequest(Message, frozen=True, kw_only=True):
    """What `photo_backup` is asked for. `walk`: go on with that walk, if nobody finished it yet.

    `complete`: walk through the whole listing, even when that is not due.
    """

    walk: WalkId | None = None
    complete: bool = False


class Sweep(Message, frozen=True):
    """`{"sweep": true}`: post all that still waits."""

    sweep: bool


class PostRequest(NamedTuple):
    """What one queue message asks for: a sweep, or one medium."""

    message_id: str
    medium_id: str | None

    @property
    def sweep(self) -> bool:
        return self.medium_id is None


class Refusal(NamedTuple):
    """A queue message that can never succeed, and why."""

    message_id: str
    reason: str


class PostRequests(NamedTuple):
    """One batch of queue messages."""

    requests: Sequence[PostRequest]
    refused: Sequence[Refusal]


_Kind = TypeVar("_Kind")


def photo_stored(medium_id: str) -> dict[str, Any]:
    """The detail of a `photo.stored` event."""
    return msgspec.to_builtins(PhotoStored(medium_id))  # type: ignore[no-any-return]


def backup_continue(walk: str) -> dict[str, Any]:
    """The detail of a `backup.continue` event."""
    return msgspec.to_builtins(BackupContinue(walk))  # type: ignore[no-any-return]


def parse_backup(event: object) -> BackupRequest:
    """What a backup is asked for by a schedule, by `backup.continue`, or by hand (a BackupRequest as JSON).

    Raises InvalidMessageError naming the field.
    """
    if not isinstance(event, Mapping):
        raise InvalidMessageError("the event is not a JSON object")
    kind = event.get("detail-type")
    if kind is None:
        return _decode(event, BackupRequest, "")
    if kind == CONTINUE:
        return BackupRequest(walk=_decode(event.get("detail"), BackupContinue, "detail").walk)
    if kind in {"Scheduled Event", "Scheduled Task"}:
        return _decode(event.get("detail") or {}, BackupRequest, "detail")
    raise InvalidMessageError(f"detail-type: {kind!r} is nothing a backup does")


def parse_posts(event: Mapping[str, Any]) -> PostRequests:
    """The requests in a batch of SQS records; a message that is wrong is refused alone."""
    requests: list[PostRequest] = []
    refused: list[Refusal] = []
    for record in event.get("Records", ()):
        message_id = str(record.get("messageId", ""))
        try:
            requests.append(PostRequest(message_id, _medium_of(record.get("body"))))
        except InvalidMessageError as error:
            refused.append(Refusal(message_id, str(error)))
    return PostRequests(requests, refused)


def _medium_of(body: object) -> str | None:
    """The medium that a body names; None for a sweep."""
    message = _json(body)
    if "sweep" in message:
        if not _decode(message, Sweep, "").sweep:
            raise InvalidMessageError("sweep: only true means anything")
        return None
    if message.get("source") != SOURCE:
        raise InvalidMessageError(f"source: expected {SOURCE!r}, got {message.get('source')!r}")
    if message.get("detail-type") != STORED:
        raise InvalidMessageError(f"detail-type: expected {STORED!r}, got {message.get('detail-type')!r}")
    return _decode(message.get("detail"), PhotoStored, "detail").id


def _json(body: object) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(str(body), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidMessageError(f"body: {error}") from error


def _decode(value: object, kind: type[_Kind], where: str) -> _Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidMessageError(f"{where or 'event'}: {error}") from error
