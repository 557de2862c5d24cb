"""The one judge of all fault tests: what is there, held against what should be.

A test gives it what the stores and the blog hold, in one shape; it answers with what is wrong with that.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from everyday.photos.archive import SIDECAR, decode_post, decode_sidecar, post_key, sidecar_key
from everyday.photos.captions import slug
from everyday.photos.catalog import Entry, RunState, State
from everyday.photos.model import Sidecar

SETTLED = {State.POSTED, State.KEPT}
WHOLE = SETTLED | {State.STORED, State.POSTING, State.EDITED}


class Post(NamedTuple):
    """A post as the blog has it; `text` is all that it shows, markup included."""

    id: str
    slug: str
    updated_at: str
    text: str


class Wanted(NamedTuple):
    """What the account holds of a medium: files by name in its folder, and the words a post must show."""

    files: Mapping[str, bytes]
    words: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Found:
    """What is there. `versions` counts the versions of each object; `files` are the blog's, by path."""

    objects: Mapping[str, bytes]
    entries: Mapping[str, Entry]
    state: RunState
    posts: list[Post]
    files: list[str]
    versions: Mapping[str, int] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)

    def sidecar(self, id_: str) -> Sidecar | None:
        data = self.objects.get(sidecar_key(id_))
        return decode_sidecar(data) if data is not None else None


def wrong_now(found: Found, wanted: Mapping[str, Wanted]) -> list[str]:
    """What may never be so, not even at the moment a run dies."""
    return [*_archive_tells_the_truth(found), *_catalog_follows(found), *_nothing_gone(found, wanted)]


def wrong_at_last(found: Found, wanted: Mapping[str, Wanted]) -> list[str]:
    """What may not be so after two clean runs: lost, double, half done or contradicting."""
    checks: tuple[Callable[[Found, Mapping[str, Wanted]], Iterator[str]], ...] = (
        _nothing_lost,
        _gone_is_marked,
        _one_post_each,
        _one_upload_each,
        _nothing_half_done,
        _records_agree,
    )
    return [*wrong_now(found, wanted), *(line for check in checks for line in check(found, wanted))]


def _archive_tells_the_truth(found: Found) -> Iterator[str]:
    for key in found.objects:
        if not key.endswith(f"/{SIDECAR}"):
            continue
        sidecar = found.sidecar(key.split("/")[1])
        for file in sidecar.files if sidecar else ():
            data = found.objects.get(key.replace(SIDECAR, file.name))
            if data is None or (sha256(data).hexdigest(), len(data)) != (file.sha256, file.size):
                yield f"{key} lists {file.name}, which is not there as described"


def _catalog_follows(found: Found) -> Iterator[str]:
    for id_, entry in found.entries.items():
        sidecar = found.sidecar(id_)
        if entry.state in WHOLE and entry.files and (not sidecar or len(sidecar.files) < entry.files):
            yield f"the catalog calls {id_} {entry.state}, the archive does not hold it"
        if entry.post and post_key(id_) not in found.objects:
            yield f"the catalog knows a post of {id_}, the archive does not"


def _nothing_gone(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    for id_, entry in found.entries.items():
        sidecar = found.sidecar(id_)
        marks = {entry.gone_at, sidecar.gone_at if sidecar else None} - {None}
        if marks and not wanted[id_].deleted:
            yield f"{id_} is marked as gone and is not"


def _gone_is_marked(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    for id_, entry in found.entries.items():
        if wanted[id_].deleted and entry.gone_at is None:
            yield f"{id_} is gone and is not marked"


def _nothing_lost(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    for id_, medium in wanted.items():
        if medium.deleted:
            continue
        sidecar = found.sidecar(id_)
        listed = {file.name for file in sidecar.files} if sidecar else set()
        for name, data in medium.files.items():
            if found.objects.get(f"instagram/{id_}/{name}") != data or name not in listed:
                yield f"{id_}: {name} is lost"
        if id_ not in found.entries or found.entries[id_].state not in SETTLED:
            yield f"{id_} is {found.entries[id_].state if id_ in found.entries else 'unknown'} at last"


def _one_post_each(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    slugs = [post.slug for post in found.posts]
    for id_, medium in wanted.items():
        own = [it for it in slugs if re.fullmatch(rf"{slug(id_)}(-\d+)?", it)]
        if len(own) > 1 or (not medium.deleted and own != [slug(id_)]):
            yield f"{id_} has the posts {own}"
        for post in found.posts:
            if post.slug in own and not medium.deleted and medium.words not in post.text:
                yield f"the post of {id_} does not say {medium.words!r}"
    if strangers := [it for it in slugs if not any(it.startswith(slug(id_)) for id_ in wanted)]:
        yield f"posts of nobody: {strangers}"


def _one_upload_each(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    """Each file of a posted medium is on the blog once, and its post shows it."""
    for id_, medium in wanted.items():
        mine = sorted(path for path in found.files if f"/{slug(id_)}-" in path)
        places = [re.sub(r"-[0-9a-f]{8}(-\d+)?\.\w+$", "", path) for path in mine]
        if len(set(places)) != len(places):
            yield f"{id_} has a file twice on the blog: {mine}"
        if not medium.deleted and len(mine) != len(medium.files):
            yield f"{id_} has {len(mine)} of {len(medium.files)} files on the blog"
        text = "".join(post.text for post in found.posts if post.slug == slug(id_))
        unshown = [path for path in mine if path.rpartition("/")[2] not in text]
        if unshown and not medium.deleted:
            yield f"{id_} has files that its post does not show: {unshown}"


def _nothing_half_done(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    yield from (f"unfinished upload of {key}" for key in found.unfinished)
    for key in found.objects:
        _, id_, name = key.split("/")
        sidecar = found.sidecar(id_)
        listed = {file.name for file in sidecar.files} if sidecar else set()
        # Files of what was deleted on Instagram before it was whole belong to nobody; `verify` names them.
        if name not in listed | {SIDECAR, "post.json"} and not wanted[id_].deleted:
            yield f"{key} is an orphan"
        if name in listed and found.versions.get(key, 1) != 1:
            yield f"{key} was written {found.versions[key]} times"
    if found.state.place is not None:
        yield "a walk is still noted as under way"


def _records_agree(found: Found, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    posts = {post.id: post for post in found.posts}
    for id_, entry in found.entries.items():
        sidecar = found.sidecar(id_)
        if sidecar and (entry.files, entry.gone_at) != (len(sidecar.files), sidecar.gone_at):
            yield f"catalog and {SIDECAR} differ about {id_}"
        if wanted[id_].deleted:
            continue
        if entry.claim or entry.retry_at:
            yield f"{id_} is still claimed or waits"
        if (data := found.objects.get(post_key(id_))) is None or decode_post(data).post != entry.post:
            yield f"catalog and post.json differ about {id_}"
        there = posts.get(entry.post.id) if entry.post else None
        if entry.post and (there is None or there.updated_at != entry.post.updated_at):
            yield f"the catalog's post of {id_} is not the blog's"
