"""Queue of stored photos and sweeps -> blog."""

import os
from functools import cache
from typing import Any

from everyday import wiring
from everyday.lambdas import Context, time_left
from everyday.photos.messages import parse_posts
from everyday.photos.post_batch import post_batch
from everyday.photos.posting import Posting
from everyday.settings import PostSettings


@cache
def _posting() -> Posting:
    return wiring.posting(PostSettings.from_env(os.environ))


def handle(event: dict[str, Any], context: Context, *, posting: Posting | None = None) -> dict[str, Any]:
    """Name the messages that are not done, so that the queue brings back those and no others."""
    failed = post_batch(parse_posts(event), posting or _posting(), time_left(context))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
