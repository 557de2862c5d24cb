"""The manifest as a document."""

import pytest
from msgspec.structs import replace

from everyday.errors import ReleaseUnknown, SiteRefused
from everyday.site.manifest import decode, encode, needs, pointer_value, release_named
from everyday.site.model import Headers, Manifest, Release, StoredObject
from tests.site_world import BEGAN

HEADERS = Headers("text/css; charset=utf-8", "no-cache")


def a_release(number: int, **changes: object) -> Release:
    release = Release(
        id=f"r{number}", number=number, at=BEGAN, by="me", inputs="", files=1, size=1, edge_value=f"v{number}"
    )
    return replace(release, **changes)


def a_manifest(objects: int) -> Manifest:
    stored = {
        f"assets/css/{number}.css": StoredObject(f"{number:064x}", number, HEADERS, ((1, 0),))
        for number in range(objects)
    }
    return Manifest(
        site="blog", changes=3, live=2, last=2, releases=(a_release(1), a_release(2)), objects=stored
    )


@pytest.mark.parametrize("objects", [1, 10_000])
def test_what_is_written_is_read_again(objects: int) -> None:
    assert decode(encode(a_manifest(objects))) == a_manifest(objects)


def test_a_short_manifest_is_json_and_a_long_one_is_pressed() -> None:
    assert encode(a_manifest(1)).startswith(b'{"')
    assert len(encode(a_manifest(10_000))) < 1_000_000
    assert not encode(a_manifest(10_000)).startswith(b"{")


def test_a_manifest_of_a_newer_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(SiteRefused, match="newer everyday; update"):
        decode(encode(replace(a_manifest(1), version=2)))


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"site": 1}', b"\xff\xfe", encode(a_manifest(10_000))[:-9]]
)
def test_what_no_publisher_wrote_is_refused(document: bytes) -> None:
    with pytest.raises(SiteRefused, match=r"deploy/manifest\.json"):
        decode(document)


def test_an_object_is_needed_between_the_ends_of_its_uses() -> None:
    stored = StoredObject("", 1, HEADERS, ((2, 3), (6, 0)))

    assert [number for number in range(1, 9) if needs(stored, number)] == [2, 3, 6, 7, 8]


def test_the_pointer_carries_the_number_of_changes_and_the_release() -> None:
    assert pointer_value(a_manifest(1)) == "3 v2"
    assert pointer_value(Manifest(site="blog")) is None


def test_an_unknown_release_is_told_with_those_that_are_known() -> None:
    assert release_named(a_manifest(1), "r1").number == 1
    with pytest.raises(ReleaseUnknown, match="r2, r1"):
        release_named(a_manifest(1), "r9")
