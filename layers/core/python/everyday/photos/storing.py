"""Stores one medium: its files, then `media.json`, then its entry in the catalog.

In that order a run that dies leaves at worst files that the next run adopts. Every step may be done twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from everyday.errors import (
    ArchiveUnavailable,
    EverydayError,
    MediumExpired,
    MediumMissing,
    MediumUnreadable,
    SourceUnavailable,
)
from everyday.photos.archive import file_key, file_name, folder, marked_gone, merged, steady
from everyday.photos.catalog import Entry, State
from everyday.photos.job import Job, Outcome, Want
from everyday.photos.joining import Match, Verdict, match
from everyday.photos.model import MediaType, Medium, MissingFile, Sidecar, StoredFile
from everyday.photos.ports import Archive, Source
from everyday.photos.records import Records
from everyday.photos.sniff import checked
from everyday.photos.transitions import failed, gone, holding, postponed, seen, stored
from everyday.photos.walk import Find
from everyday.ports import Clock

_NOT_YET = "not fetched yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storing:
    """The steps of storing one medium: `prepare`, `fetch` for each file it wants, `finish`.

    The steps of one job follow each other, `fetch` may run side by side; jobs are independent. What goes
    wrong stays with its medium: these three raise no EverydayError. `max_file_bytes` bounds each file.
    """

    source: Source
    archive: Archive
    records: Records
    clock: Clock
    max_file_bytes: int
    post_since: datetime | None = None

    def prepare(self, job: Job) -> Sequence[Want]:
        """Decide which files are to be fetched."""
        if not job.find.calls_for_storing:
            return ()
        try:
            self._join(job)
            self._recall(job)
        except EverydayError as error:
            job.errors.append(error)
            return ()
        return () if job.stands_aside else job.wants()

    def fetch(self, job: Job, want: Want) -> None:
        """Store one file: a second try when the first was cut, with a fresh address when that ran out."""
        try:
            try:
                file = self._download(job.medium.id, want)
            except SourceUnavailable:
                file = self._download(job.medium.id, want)
            except MediumExpired:
                file = self._download(job.medium.id, self._fresh(job, want))
        except EverydayError as error:
            job.lacks(want, error)
        else:
            job.has(file)

    def finish(self, job: Job) -> Outcome:
        """Write the sidecar, which makes the medium whole, and then the catalog's entry."""
        if job.find.calls_for_storing:
            self._describe(job)
        try:
            return job.outcome(self.records.record(job.medium.id, self._change(job), known=job.entry))
        except EverydayError as error:
            job.errors.append(error)
            return job.outcome(None)

    def postpone(self, entry: Entry, error: EverydayError) -> Outcome:
        """Note that a medium which waits for its files could not even be asked for."""
        now = self.clock()

        def later(it: Entry | None) -> Entry | None:
            return postponed(it, str(error), now=now) if it else None

        try:
            there = self.records.record(entry.id, later, known=entry)
        except EverydayError as trouble:
            return Outcome(entry.id, Find.RETRY, None, reason=str(trouble), errors=(error, trouble))
        return Outcome(entry.id, Find.RETRY, there, reason=str(error), errors=(error,))

    def mark_gone(self, entry: Entry) -> Entry | None:
        """Mark a medium as deleted on Instagram, in its sidecar and then in the catalog.

        Raises ArchiveUnavailable, CatalogUnavailable, MediumUnreadable.
        """
        now = self.clock()
        known = self.records.describe(entry.id)
        sidecar = self.records.rewrite(
            entry.id, lambda it: marked_gone(it, at=now) if it else None, known=known
        )
        # The archive's word stands: an earlier run may have died between the two.
        at = sidecar.gone_at if sidecar and sidecar.gone_at else now

        def marked(it: Entry | None) -> Entry | None:
            return gone(it, at=at, sidecar=sidecar) if it else None

        return self.records.record(entry.id, marked, known=entry)

    def _join(self, job: Job) -> None:
        if not job.may_join:
            return
        job.verdict = match(job.medium, job.candidates)
        if job.verdict.match is not Match.SAME:
            return
        other = next(it for it in job.candidates if it.id == job.verdict.entry_id)
        if other.state is State.LISTED and not (job.stands_aside and self._fill(job.medium, other)):
            # The other one lacks files, so it cannot stand for this one.
            job.verdict = Verdict(Match.NONE)

    def _fill(self, export: Medium, lacking: Entry) -> bool:
        """Give the API's medium the files that only the export has; whether it is whole now."""
        sidecar, _ = self.records.describe(lacking.id)
        if sidecar is None or len(sidecar.medium.items) != len(export.items):
            return False
        pairs = zip(sidecar.medium.items, export.items, strict=True)
        medium = replace(sidecar.medium, items=tuple(replace(it, url=given.url) for it, given in pairs))
        job = Job(medium=medium, entry=lacking, find=Find.RETRY, walk=lacking.seen or "")
        for want in self.prepare(job):
            self.fetch(job, want)
        return self.finish(job).reason is None

    def _recall(self, job: Job) -> None:
        """Read what the archive has of the medium, so that its items keep their places.

        A carousel's order is written down before its first file: were a run to die between two files and the
        owner to take a picture out, the next run could not tell whose file has which number.
        """
        if job.entry is None and job.medium.media_type is MediaType.CAROUSEL_ALBUM:
            self.records.rewrite(job.medium.id, lambda known: known or self._outline(job))
        elif job.entry is None:
            return
        job.sidecar, job.tag = self.records.describe(job.medium.id)
        if job.sidecar:
            job.medium = steady(job.sidecar, job.medium)
            if job.find is Find.RETRY:
                job.lost = self._lost(job.medium.id, job.sidecar)

    def _lost(self, medium_id: str, sidecar: Sidecar) -> frozenset[str]:
        """Names of files that were stored once and are gone: a rebuilt catalog asks for them again."""
        there = {listed.key for listed in self.archive.list(folder(medium_id))}
        return frozenset(it.name for it in sidecar.files if file_key(medium_id, it.name) not in there)

    def _outline(self, job: Job) -> Sidecar:
        missing = [MissingFile(position=it.position, reason=_NOT_YET) for it in job.medium.items]
        return merged(None, job.medium, missing=missing, now=self.clock())

    def _download(self, medium_id: str, want: Want) -> StoredFile:
        with self.source.open(want.item, thumbnail=want.thumbnail) as given:
            body = checked(given, self.max_file_bytes)
            name = file_name(want.item.position, body.content_type, thumbnail=want.thumbnail)
            there = self.archive.put(file_key(medium_id, name), body)
        return StoredFile(
            name=name,
            position=want.item.position,
            sha256=there.sha256,
            size=there.size,
            content_type=body.content_type,
            thumbnail=want.thumbnail,
        )

    def _fresh(self, job: Job, want: Want) -> Want:
        """The same file at a new address. The source is asked once a medium, however many files it has."""
        with job.asking:
            if job.fresh is None:
                job.fresh = self._asked_again(job)
        if isinstance(job.fresh, EverydayError):
            raise job.fresh
        for item in job.fresh.items:
            if item.position == want.item.position:
                return want._replace(item=item)
        raise MediumMissing("Instagram no longer lists this part of it")

    def _asked_again(self, job: Job) -> Medium | EverydayError:
        try:
            medium = self.source.fresh(job.medium.id)
        except EverydayError as error:
            return error
        return steady(job.sidecar, medium) if job.sidecar else medium

    def _describe(self, job: Job) -> None:
        """Write the sidecar, unless the archive itself is what fails."""
        if any(isinstance(error, ArchiveUnavailable | MediumUnreadable) for error in job.errors):
            return
        try:
            known = (job.sidecar, job.tag)
            job.sidecar = self.records.rewrite(job.medium.id, self._description(job), known=known)
        except EverydayError as error:
            job.errors.append(error)

    def _description(self, job: Job) -> Callable[[Sidecar | None], Sidecar]:
        now = self.clock()

        def described(known: Sidecar | None) -> Sidecar:
            new = merged(known, job.medium, files=job.files, missing=job.missing, now=now)
            held = holding(job.medium, job.verdict, known, post_since=self.post_since)
            doubt = held.reason if held.state is State.PARKED else None
            return replace(new, same_as=held.same_as, doubt=doubt) if job.may_join else new

        return described

    def _change(self, job: Job) -> Callable[[Entry | None], Entry | None]:
        """What becomes of the entry."""
        if not job.find.calls_for_storing:
            return lambda entry: seen(entry, walk=job.walk) if entry else None
        reason = job.reason
        if reason is not None:
            now = self.clock()
            return lambda entry: failed(entry, job.medium, reason, now=now, walk=job.walk)
        held = holding(job.medium, job.verdict, job.sidecar, post_since=self.post_since)
        files = job.sidecar.files if job.sidecar else ()
        size = sum(file.size for file in files)
        return lambda entry: stored(entry, job.medium, held, files=len(files), size=size, walk=job.walk)
