"""The last step of what changes a live site: look until visitors have it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from everyday.errors import SiteUnconfirmed

if TYPE_CHECKING:
    from everyday.ports import Progress
    from everyday.site.publishing import Publishing
    from everyday.site.reports import Published

UNCONFIRMED = 3
"""Exit status: published, but the distribution did not answer with it in time."""


def confirmed(
    publishing: "Publishing", done: "Published", progress: "Progress", *, wait: bool
) -> tuple[int, Mapping[str, object]]:
    """The exit status, and the document of what was done with `confirmed`: None when nobody looked."""
    answer: bool | None = None
    if wait and not done.superseded:
        progress.begin("Waiting for visitors to get it", None)
        answer = _answers(publishing, done)
    status = UNCONFIRMED if answer is False else 0
    return status, {**msgspec.to_builtins(done), "confirmed": answer}


def _answers(publishing: "Publishing", done: "Published") -> bool:
    try:
        publishing.confirm(done.release, invalidation=done.invalidation)
    except SiteUnconfirmed:
        return False
    return True
