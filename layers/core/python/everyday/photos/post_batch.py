"""A batch of queue messages on its way to the blog: each succeeds or comes back alone."""

import logging
from collections.abc import Sequence

import msgspec

from everyday.errors import Unavailable
from everyday.photos.messages import PostRequest, PostRequests
from everyday.photos.posting import TIME_FOR_ONE, Posting
from everyday.ports import TimeLeft

log = logging.getLogger(__name__)


def post_batch(batch: PostRequests, posting: Posting, left: TimeLeft) -> Sequence[str]:
    """Do what the messages ask while there is time. Returns the ids of those that must come back.

    A message that can never succeed comes back too: after its fifth time the queue gives it up, and the owner
    is told. Raises BlogKeyRefused, when no post can pass.
    """
    for refusal in batch.refused:
        log.error("message refused", extra=refusal._asdict())
    waiting = [request.message_id for request in batch.requests if not _done(request, posting, left)]
    return [*(refusal.message_id for refusal in batch.refused), *waiting]


def _done(request: PostRequest, posting: Posting, left: TimeLeft) -> bool:
    if left() < TIME_FOR_ONE:
        return False
    try:
        report = posting.post(request.medium_id) if request.medium_id else posting.sweep(left)
    except Unavailable:
        log.exception("not posted", extra={"medium": request.medium_id})
        return False
    log.info("posted", extra={"medium": request.medium_id, "report": msgspec.to_builtins(report)})
    return True
