"""Queue of stored photos and sweeps -> blog."""

import os
from functools import cache
from typing import Any

from everyday import wiring
from everyday.errors import Unavailable
from everyday.lambdas import Context, log, tell, time_left
from everyday.photos.messages import PostRequest, parse_posts
from everyday.photos.posting import TIME_FOR_ONE, Posting
from everyday.ports import TimeLeft
from everyday.settings import PostSettings


@cache
def _posting() -> Posting:
    return wiring.posting(PostSettings.from_env(os.environ))


def handle(event: dict[str, Any], context: Context, *, posting: Posting | None = None) -> dict[str, Any]:
    """Name the messages that are not done: the queue brings them back, and gives up after five times."""
    posting, batch = posting or _posting(), parse_posts(event)
    failed = [refusal.message_id for refusal in batch.refused]
    for refusal in batch.refused:
        log.error("message refused", extra=refusal._asdict())
    failed += [it.message_id for it in batch.requests if not _done(it, posting, time_left(context))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _done(request: PostRequest, posting: Posting, left: TimeLeft) -> bool:
    if left() < TIME_FOR_ONE:
        return False
    try:
        report = posting.sweep(left) if request.medium_id is None else posting.post(request.medium_id)
    except Unavailable:
        log.exception("not posted", extra={"medium": request.medium_id})
        return False
    tell("posted", medium=request.medium_id, report=report)
    return True
