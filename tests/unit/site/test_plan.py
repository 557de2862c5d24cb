"""What a publication would do."""

from hashlib import sha256

import pytest

from everyday.errors import SiteRefused
from everyday.site.edge import Items
from everyday.site.manifest import decode, encode
from everyday.site.model import Headers, Manifest, Output, Release, Revision, SiteRules
from everyday.site.names import hashed
from everyday.site.plan import (
    PlannedFile,
    invalidation,
    invalidation_reference,
    key_of,
    plan,
    quoted,
    wanted,
)
from everyday.site.releases import released
from tests.site_world import BEGAN

RULES = SiteRules()
NO_CACHE = Headers("text/css; charset=utf-8", "no-cache")


def revision(**files: str) -> Revision:
    """Files by name, `_` for the dot; pages end in html."""
    return Revision(
        outputs=tuple(_output(name.replace("_", "."), text.encode()) for name, text in files.items())
    )


def _output(path: str, content: bytes) -> Output:
    digest, renamed = sha256(content).digest(), not path.endswith(".html")
    new = hashed(path, digest) if renamed else path
    return Output(path=new, source=path, size=len(content), digest=digest, renamed=renamed)


def after(*revisions: Revision, live: int | None = None) -> Manifest:
    """The manifest after these releases."""
    manifest = Manifest(site="blog")
    for number, it in enumerate(revisions, 1):
        release = Release(
            id=f"r{number}", number=number, at=BEGAN, by="", inputs="", files=1, size=1, edge_value="v"
        )
        manifest = released(
            manifest,
            release,
            wanted(it, RULES),
            Items("v", {}, ()),
            live=number == (live or number),
            rules=RULES,
        )
    return manifest


def paths(files: tuple[PlannedFile, ...]) -> list[str]:
    return [it.path for it in files]


def test_the_first_publication_sends_everything() -> None:
    site = revision(index_html="<p>", a_css="body", b_css="html")

    planned = plan(site, Manifest(site="blog"), RULES)

    assert paths(planned.new) == ["a.css", "b.css", "index.html"]
    assert set(planned.uploads) == {key_of(it) for it in site.outputs}
    assert (planned.bytes, planned.requests) == (11, 5)


def test_files_are_told_apart_by_what_became_of_them() -> None:
    before = after(revision(index_html="<p>", a_css="body", gone_css="x", same_css="y"))
    rules = SiteRules(cache_control=(("same.css", "no-cache"),))

    planned = plan(revision(index_html="<p>", a_css="other", new_css="z", same_css="y"), before, rules)

    assert paths(planned.new) == ["new.css"]
    assert paths(planned.changed) == ["a.css"]
    assert paths(planned.header_only) == ["same.css"]
    assert paths(planned.unchanged) == ["index.html"]
    assert paths(planned.retired) == ["gone.css"]
    assert list(planned.headers.values()) == [NO_CACHE]
    assert (len(planned.uploads), planned.bytes, planned.requests) == (2, 6, 5)


def test_what_an_earlier_release_left_is_not_sent_again() -> None:
    before = after(revision(a_css="one"), revision(a_css="two"))

    planned = plan(revision(a_css="one"), before, RULES)

    assert paths(planned.changed) == ["a.css"]
    assert planned.uploads == ()


def test_changes_are_told_against_the_live_release_and_not_against_a_preview() -> None:
    before = after(revision(a_css="one"), revision(a_css="two"), live=1)

    planned = plan(revision(a_css="two"), before, RULES)

    assert paths(planned.changed) == ["a.css"]
    assert planned.uploads == ()


def test_an_object_that_is_retired_counts_as_not_there() -> None:
    before = after(revision(a_css="one"), revision(a_css="two"))
    [key] = [key for key, it in before.objects.items() if it.digest == sha256(b"one").hexdigest()]
    objects = {name: it for name, it in before.objects.items() if name != key}
    retired = decode(encode(Manifest(site="blog", live=2, last=2, objects=objects, retired={key: BEGAN})))

    assert plan(revision(a_css="one"), retired, RULES).uploads == (key,)


def test_a_name_that_other_content_has_is_refused() -> None:
    site = revision(a_css="one")
    before = after(site)
    [taken] = site.outputs
    other = Revision(
        outputs=(Output(path=taken.path, source="a.css", size=3, digest=b"x" * 32, renamed=True),)
    )

    with pytest.raises(SiteRefused, match=r"a\.css: its new name is taken"):
        plan(other, before, RULES)


def test_a_name_that_is_too_long_for_s3_is_refused_before_anything_is_sent() -> None:
    long = "x" * 1100 + ".css"

    with pytest.raises(SiteRefused, match="1,024 bytes"):
        wanted(Revision(outputs=(_output(long, b""),)), RULES)


def test_changed_headers_are_invalidated_as_visitors_ask_and_as_the_cache_knows() -> None:
    headers = {"assets/a b.k3v9x2m4qa.css": NO_CACHE, "pages/index.html/k3v9x2m4qa": NO_CACHE}

    assert invalidation(headers, 15) == [
        "/a%20b.k3v9x2m4qa.css",
        "/assets/a%20b.k3v9x2m4qa.css",
        "/index.html",
        "/pages/index.html/k3v9x2m4qa",
    ]
    assert invalidation(headers, 1) == ["/*"]


def test_an_invalidation_is_begun_once_for_one_change() -> None:
    one, other = {"a": NO_CACHE, "b": NO_CACHE}, {"b": NO_CACHE, "a": NO_CACHE}

    assert invalidation_reference(one, 1) == invalidation_reference(other, 1)
    assert invalidation_reference(one, 1) != invalidation_reference(one, 2)


def test_no_name_of_a_file_means_many_in_an_invalidation() -> None:
    assert quoted("a*b?#%é/c.css") == "a%2Ab%3F%23%25%C3%A9/c.css"
