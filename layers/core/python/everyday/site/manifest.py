"""The manifest as a document, and what can be read from it. Pure."""

import zlib
from collections.abc import Iterator

import msgspec

from everyday.errors import ReleaseUnknown, SiteRefused
from everyday.site.edge import live_value
from everyday.site.model import Manifest, Release, StoredObject
from everyday.site.names import MANIFEST

VERSION = 1

_PLAIN_BYTES = 64 * 1024  # below, a person can read it as it is
_LARGEST_BYTES = 2**28


def encode(manifest: Manifest) -> bytes:
    """The same manifest always gives the same bytes: JSON, zlib-compressed when it is long."""
    document = msgspec.json.encode(manifest, order="deterministic")
    return document if len(document) < _PLAIN_BYTES else zlib.compress(document, 6)


def decode(document: bytes) -> Manifest:
    """Raises SiteRefused for what no publisher of this version wrote."""
    try:
        plain = document if document.startswith(b"{") else _inflated(document)
        manifest = msgspec.json.decode(plain, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, zlib.error) as error:
        raise SiteRefused(
            f"{MANIFEST} is not what was written there: {error}. Restore an earlier version of it"
        ) from error
    if manifest.version > VERSION:
        raise SiteRefused(
            f"{MANIFEST} has version {manifest.version}, written by a newer everyday; update this one"
        )
    return manifest


def _inflated(document: bytes) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(document, _LARGEST_BYTES)
    if not inflater.eof:
        raise zlib.error("it ends too early, or is too long")
    return plain


def live_release(manifest: Manifest) -> Release | None:
    return next((it for it in manifest.releases if it.number == manifest.live), None)


def pointer_value(manifest: Manifest) -> str | None:
    """What `live` must be at the edge; None while no release is live."""
    release = live_release(manifest)
    return live_value(manifest.changes, release.edge_value) if release else None


def release_named(manifest: Manifest, release_id: str) -> Release:
    """Raises ReleaseUnknown."""
    for release in manifest.releases:
        if release.id == release_id:
            return release
    known = ", ".join(it.id for it in reversed(manifest.releases)) or "none yet"
    raise ReleaseUnknown(
        f"{manifest.site} has no release {release_id[:64]!r} (any more). It keeps, newest first: {known}"
    )


def needs(stored: StoredObject, number: int) -> bool:
    """Whether the release of that number, which is one of the manifest's, needs the object."""
    return any(first <= number and (not last or number <= last) for first, last in stored.uses)


def objects_of(manifest: Manifest, number: int) -> Iterator[tuple[str, StoredObject]]:
    """The objects that a release needs."""
    return ((key, it) for key, it in manifest.objects.items() if needs(it, number))
