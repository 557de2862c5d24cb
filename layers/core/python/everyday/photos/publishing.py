"""One try to bring one medium to the blog, in steps that each survive being cut off.

Ghost has no idempotent create or upload, so every such call stands between two traces:

    claim ▶ look for the post ▶ per file: intent ▶ upload ▶ … ▶ intent ▶ look again ▶ create
          ▶ post.json ▶ POSTED

Each ▶ before a call is a conditional write of the catalog entry that also renews the claim; whoever lost the
claim learns it there, before calling. A later try finds what was begun: an upload by its name, the post by
its slug or marker.
"""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from everyday.errors import (
    BlogKeyRefused,
    BlogPostGone,
    BlogRejected,
    Conflict,
    MediumError,
    MediumMissing,
    Unavailable,
)
from everyday.photos import archive as names
from everyday.photos import captions, post_files, post_rules
from everyday.photos.archive import PostRecord
from everyday.photos.catalog import Entry, State, Upload
from everyday.photos.metadata import Public
from everyday.photos.model import BlogPost, Sidecar, StoredFile
from everyday.photos.ports import Archive, Blog, Catalog, Draft, FoundPost
from everyday.photos.post_copies import public_copy, upload_name
from everyday.photos.post_rules import Done, Outcome
from everyday.photos.render import Style, marker, render, revision_in
from everyday.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOptions:
    """How the owner wants posts. `since`: media taken earlier are not posted. Sizes in bytes and pixels."""

    status: str = "draft"
    tags: tuple[str, ...] = ()
    author: str | None = None
    feature_image: bool = True
    since: datetime | None = None
    max_video_bytes: int = 200_000_000
    max_pixels: int = 50_000_000

    @property
    def style(self) -> Style:
        return Style(self.status, self.tags, self.author, self.feature_image)


@dataclass(slots=True, kw_only=True)
class Publication:
    """One try. `owner` names it in the claim; `entry` is the catalog's, kept up to date."""

    archive: Archive
    catalog: Catalog
    blog: Blog
    clock: Clock
    options: PostOptions
    owner: str
    entry: Entry

    def run(self) -> Outcome:
        """Bring the medium to the blog.

        What can never pass is parked. Raises Unavailable (the entry stays due, with a growing wait),
        BlogKeyRefused, and Conflict or BlogCollision when somebody else wrote first: read and decide again.
        """
        try:
            self._hold()
            return self._publish(self._sidecar())
        except (BlogRejected, MediumError) as error:
            return self._park(str(error))
        except BlogKeyRefused:
            self._let_go()
            raise
        except Unavailable as error:
            wait = post_rules.next_try(self.entry.attempts, self.clock())
            self._let_go(attempts=self.entry.attempts + 1, retry_at=wait, reason=str(error))
            raise

    def _publish(self, sidecar: Sidecar) -> Outcome:
        if self.entry.post is None:
            self._recall()
        if self.entry.post:
            return self._update(self.entry.post, sidecar)
        if found := self._look():
            return self._adopt(found, sidecar)
        draft = self._render(sidecar)
        self._hold(put_at=self.clock())
        if found := self._look():
            return self._adopt(found, sidecar)
        if post_rules.runs_short(self.entry.claim, self.clock()):
            self._hold()
        return self._create(draft)

    def _create(self, draft: Draft) -> Outcome:
        made = self.blog.create(draft)
        if made.slug == draft.slug:
            return self._posted(Done.CREATED, post_rules.recorded(made, _rev(made, self.entry)))
        # Ghost 6.65 numbers a slug that is taken. Whoever was first keeps it; we take back only ours.
        others = [post for post in self._find() if post.id != made.id]
        if first := post_rules.ours(others, self.entry.id):
            self.blog.delete(made.id)
            return self._posted(Done.ADOPTED, post_rules.adopted(first, self.entry.id))
        return self._posted(Done.CREATED, post_rules.recorded(made, _rev(made, self.entry)))

    def _adopt(self, found: FoundPost, sidecar: Sidecar) -> Outcome:
        """Take the post that is there; bring it up to date only if that needs no file to be sent again."""
        post = post_rules.adopted(found, self.entry.id)
        files = self._files(sidecar)
        if not all(file.name in self.entry.uploads for file in files):
            return self._posted(Done.ADOPTED, post)
        self.entry = replace(self.entry, post=post)
        outcome = self._update(post, sidecar)
        return outcome if outcome.done is Done.UPDATED else replace(outcome, done=Done.ADOPTED)

    def _update(self, post: BlogPost, sidecar: Sidecar) -> Outcome:
        try:
            found = self.blog.get(post.id)
            if post_rules.edited_by_owner(found, self.entry):
                return self._posted(Done.LEFT, post, "the post was edited on the blog; it is left as it is")
            return self._bring_up_to_date(found, self._render(sidecar))
        except BlogPostGone:
            return self._posted(Done.LEFT, post, "the post was deleted on the blog; it is not made again")

    def _bring_up_to_date(self, found: FoundPost, draft: Draft) -> Outcome:
        rev = revision_in(draft.foot, self.entry.id) or ""
        if _rev(found, self.entry) == rev:
            return self._posted(Done.UNCHANGED, post_rules.recorded(found, rev))
        # What is there is ours; were this try to end here, `put_at` could no longer tell.
        ours = post_rules.recorded(found, _rev(found, self.entry))
        self._hold(put_at=self.clock(), post=ours)
        changed = self.blog.update(found.id, draft, updated_at=found.updated_at)
        return self._posted(Done.UPDATED, post_rules.recorded(changed, rev))

    # What the archive says

    def _sidecar(self) -> Sidecar:
        found = self.archive.read(names.sidecar_key(self.entry.id))
        if found is None:
            raise MediumMissing(f"the archive has no {names.SIDECAR} of {self.entry.id}: run a backup")
        return names.decode_sidecar(found[0])

    def _recall(self) -> None:
        """The post that the archive remembers, when the catalog does not: it was lost, or never written."""
        if found := self.archive.read(names.post_key(self.entry.id)):
            record = names.decode_post(found[0])
            uploads = {**record.uploads, **self.entry.uploads}
            self.entry = replace(self.entry, post=record.post, uploads=uploads)

    def _remember(self, post: BlogPost) -> None:
        key = names.post_key(self.entry.id)
        found = self.archive.read(key)
        new = names.encode(PostRecord(post=post, uploads=self.entry.uploads))
        if found is None or found[0] != new:
            self.archive.write(key, new, tag=found[1] if found else None)

    def _files(self, sidecar: Sidecar) -> list[StoredFile]:
        return post_files.files_to_upload(sidecar, max_video_bytes=self.options.max_video_bytes)

    # What the blog holds

    def _find(self) -> list[FoundPost]:
        slug = captions.slug(self.entry.id)
        return list(self.blog.find(slug=slug, marker=marker(self.entry.id)))

    def _look(self) -> FoundPost | None:
        found = self._find()
        post = post_rules.ours(found, self.entry.id)
        for extra in post_rules.leftovers(found, post, self.entry) if post else ():
            self.blog.delete(extra.id)
        return post

    def _render(self, sidecar: Sidecar) -> Draft:
        for file in self._files(sidecar):
            self._upload(file)
        shown = post_files.blocks(sidecar, self.entry.uploads)
        return render(sidecar.medium, shown, self.options.style, now=self.clock())

    def _upload(self, file: StoredFile) -> None:
        begun = self.entry.uploads.get(file.name)
        if begun and begun.url:
            return
        video = post_files.is_video(file)
        if begun and (there := self.blog.uploaded(begun.name, begun_at=begun.begun_at, video=video)):
            self._note(file, replace(begun, url=there))
            return
        with tempfile.TemporaryDirectory(prefix="everyday-") as folder:
            copy = public_copy(
                self.archive, self.entry.id, file, Path(folder), max_pixels=self.options.max_pixels
            )
            self._send(file, copy)

    def _send(self, file: StoredFile, public: Public) -> None:
        intent = Upload(
            name=upload_name(self.entry.id, file, public),
            begun_at=self.clock(),
            width=public.width,
            height=public.height,
            seconds=public.seconds,
        )
        self._note(file, intent)
        self._hold()
        url = self.blog.upload(intent.name, str(public.path), content_type=public.content_type)
        # The next write of the entry keeps this; until then the intent and the name lead to the file.
        self._note(file, replace(intent, url=url))

    # What the catalog holds

    def _note(self, file: StoredFile, upload: Upload) -> None:
        self.entry = replace(self.entry, uploads={**self.entry.uploads, file.name: upload})

    def _save(self, **changes: Any) -> None:
        self.entry = self.catalog.put(replace(self.entry, **changes))

    def _hold(self, **changes: Any) -> None:
        self._save(state=State.POSTING, claim=post_rules.claim(self.owner, self.clock()), **changes)

    def _let_go(self, **changes: Any) -> None:
        # The claim runs out by itself if this fails; the error that led here matters more.
        with suppress(Unavailable, Conflict):
            self._save(claim=None, **changes)

    def _park(self, reason: str) -> Outcome:
        self._save(state=State.PARKED, claim=None, reason=reason, retry_at=None)
        return Outcome(id=self.entry.id, done=Done.PARKED, reason=reason)

    def _posted(self, done: Done, post: BlogPost, reason: str | None = None) -> Outcome:
        self._remember(post)
        settled: Mapping[str, Any] = {"claim": None, "attempts": 0, "retry_at": None}
        self._save(state=State.POSTED, post=post, reason=reason, **settled)
        return Outcome(id=self.entry.id, done=done, reason=reason, url=post.url)


def _rev(found: FoundPost, entry: Entry) -> str:
    return revision_in(found.foot, entry.id) or ""
