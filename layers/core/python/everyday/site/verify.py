"""Compares what the bucket and the edge hold with the manifest. Reads only."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from everyday.record import Record
from everyday.site.edge import LIVE
from everyday.site.manifest import live_release, pointer_value
from everyday.site.model import Manifest
from everyday.site.names import ASSETS, PAGES
from everyday.site.ports import Bucket, Pointer


class Fault(StrEnum):
    """What can be wrong.

    MISSING: the manifest lists it and the bucket does not have it. SIZE: it has another size. EXTRA: the
    manifest does not know it: left by a publication that is under way or was cut off, or not ours. POINTER:
    the edge shows something else than the manifest says.
    """

    MISSING = "missing"
    SIZE = "size"
    EXTRA = "extra"
    POINTER = "pointer"


class Finding(Record, frozen=True):
    """One thing that is not as it should be; `advice` says what to do."""

    fault: Fault
    key: str
    reason: str
    advice: str


class Verified(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What was compared; `size` in bytes. `ok`: visitors get what was published; leftovers are no loss."""

    site: str
    release: str | None
    objects: int
    size: int
    ok: bool
    findings: tuple[Finding, ...] = ()


_ADVICE = {
    Fault.MISSING: "publish the folder again with --repair",
    Fault.SIZE: "publish the folder again with --repair",
    Fault.EXTRA: "nothing; when no publication is under way it may be deleted",
    Fault.POINTER: "publish the folder again, or roll back to the release that shall be live",
}


def verify(manifest: Manifest, bucket: Bucket, pointer: Pointer) -> Verified:
    """Compare all. Raises BucketUnavailable, EdgeUnavailable."""
    sizes = sizes_in(bucket)
    findings = (*compared(manifest, sizes), *_pointed(manifest, pointer.get(LIVE)))
    live = live_release(manifest)
    return Verified(
        site=manifest.site,
        release=live.id if live else None,
        objects=len(sizes),
        size=sum(sizes.values()),
        ok=all(it.fault is Fault.EXTRA for it in findings),
        findings=findings,
    )


def sizes_in(bucket: Bucket) -> dict[str, int]:
    """The sizes of all objects that the site is made of, by key."""
    return {it.key: it.size for prefix in (ASSETS, PAGES) for it in bucket.listing(prefix)}


def compared(manifest: Manifest, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """What is wrong with the objects, by key. Pure."""
    for key, it in sorted(manifest.objects.items()):
        if key not in sizes:
            yield _finding(Fault.MISSING, key, "the manifest lists it, and the bucket does not have it")
        elif sizes[key] != it.size:
            yield _finding(Fault.SIZE, key, f"{sizes[key]} bytes in the bucket, {it.size} in the manifest")
    for key in sorted(sizes.keys() - manifest.objects.keys() - manifest.retired.keys()):
        yield _finding(Fault.EXTRA, key, "the manifest does not list it")


def damaged(manifest: Manifest, sizes: Mapping[str, int]) -> frozenset[str]:
    """The keys that must be stored again. Pure."""
    return frozenset(it.key for it in compared(manifest, sizes) if it.fault in {Fault.MISSING, Fault.SIZE})


def _pointed(manifest: Manifest, value: str | None) -> Iterator[Finding]:
    should = pointer_value(manifest)
    if value != should:
        yield _finding(Fault.POINTER, LIVE, f"the edge has {value!r}, and the manifest says {should!r}")


def _finding(fault: Fault, key: str, reason: str) -> Finding:
    return Finding(fault, key, reason, _ADVICE[fault])
