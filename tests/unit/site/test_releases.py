"""Which releases are kept, and what becomes of what only the others used."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from everyday.site.edge import Items
from everyday.site.manifest import needs
from everyday.site.model import Headers, Manifest, Output, Release, SiteRules
from everyday.site.plan import Wanted
from everyday.site.releases import YOUNGEST, forgotten, kept, released, rolled_back
from everyday.site.retention import GRACE, SKEW, due_edge_keys, due_objects
from tests.site_world import BEGAN

HEADERS = Headers("text/css", "no-cache")


def goal(keys: str) -> dict[str, Wanted]:
    return {
        key: Wanted(Output(path=key, source=key, size=1, digest=key.encode(), renamed=True), HEADERS)
        for key in keys
    }


def publish(
    old: Manifest, keys: str, *, at: datetime = BEGAN, live: bool = True, rules: SiteRules | None = None
) -> Manifest:
    number = old.last + 1
    told = Items("v", {f"leaf-{keys}": "…", f"r/{number}": "…"}, ())
    release = Release(
        id=f"r{number}",
        number=number,
        at=at,
        by="me",
        inputs=keys,
        files=len(keys),
        size=len(keys),
        edge_value="v",
        edge_keys=tuple(sorted(told.items)),
    )
    return released(old, release, goal(keys), told, live=live, rules=rules or SiteRules())


def test_a_release_is_kept_while_it_is_new_young_or_live() -> None:
    manifest = Manifest(site="blog")
    for day in range(6):
        manifest = publish(manifest, "a", at=BEGAN + timedelta(days=day))
    rules = SiteRules(keep_releases=2, keep_days=3)

    now = BEGAN + timedelta(days=6)
    assert [it.number for it in kept(manifest, rules, now)] == [5, 6]
    assert [it.number for it in kept(manifest, rules, now - timedelta(hours=1))] == [4, 5, 6]
    back = rolled_back(manifest, manifest.releases[0], rules, now)
    assert [it.number for it in back.releases] == [1, 5, 6]
    assert back.live == 1


def test_somebody_still_looks_at_a_release_of_this_hour() -> None:
    manifest = publish(publish(Manifest(site="blog"), "a"), "b", at=BEGAN + timedelta(minutes=1))
    rules = SiteRules(keep_releases=1, keep_days=0)

    assert len(kept(manifest, rules, BEGAN + YOUNGEST - timedelta(seconds=1))) == 2
    assert len(kept(manifest, rules, BEGAN + YOUNGEST)) == 1


def test_what_only_a_retired_release_used_is_retired_and_due_after_a_while() -> None:
    rules = SiteRules(keep_releases=1, keep_days=0)
    later = BEGAN + timedelta(hours=2)

    manifest = publish(publish(Manifest(site="blog"), "ab"), "bc", at=later, rules=rules)

    assert set(manifest.objects) == {"b", "c"}
    assert manifest.retired == {"a": later}
    assert set(manifest.edge) == {"leaf-bc", "r/2"}
    assert set(manifest.edge_retired) == {"leaf-ab", "r/1"}
    assert due_objects(manifest, later + GRACE - timedelta(seconds=1)) == {}
    assert due_objects(manifest, later + GRACE) == {"a": later - SKEW}
    assert due_edge_keys(manifest, later + GRACE) == ["r/1", "leaf-ab"]
    assert forgotten(manifest, ["a"], ["leaf-ab", "r/1"]).retired == {}


def test_what_is_needed_again_is_no_longer_retired() -> None:
    rules = SiteRules(keep_releases=1, keep_days=0)
    manifest = Manifest(site="blog")
    for hours, keys in enumerate(("a", "b", "a")):
        manifest = publish(manifest, keys, at=BEGAN + timedelta(hours=2 * hours), rules=rules)

    assert set(manifest.retired) == {"b"}
    assert set(manifest.edge_retired) == {"leaf-b", "r/1", "r/2"}
    assert manifest.objects["a"].uses == ((3, 0),)


def test_a_preview_leaves_the_live_release_live() -> None:
    manifest = publish(publish(Manifest(site="blog"), "a"), "b", live=False)

    assert (manifest.live, manifest.last, manifest.changes) == (1, 2, 2)


@given(
    st.lists(
        st.tuples(st.text("abcd", min_size=1, max_size=4), st.booleans(), st.integers(0, 3)), max_size=12
    ),
    st.integers(1, 3),
)
def test_the_objects_are_those_that_kept_releases_need_and_each_knows_whose_it_is(
    history: list[tuple[str, bool, int]], keep: int
) -> None:
    rules = SiteRules(keep_releases=keep, keep_days=0)
    manifest, contents, now = Manifest(site="blog"), {}, BEGAN
    for keys, live, hours in history:
        now += timedelta(hours=hours)
        manifest = publish(manifest, keys, at=now, live=live, rules=rules)
        contents[manifest.last] = set(keys)
        if not live and hours == 3:
            manifest = rolled_back(manifest, manifest.releases[0], rules, now)

    for release in manifest.releases:
        needed = {key for key, it in manifest.objects.items() if needs(it, release.number)}
        assert needed == contents[release.number]
        assert manifest.edge.keys() >= set(release.edge_keys)
    assert set(manifest.objects) == set().union(*(contents[it.number] for it in manifest.releases))
    assert not manifest.retired.keys() & manifest.objects.keys()
    assert not manifest.edge_retired.keys() & manifest.edge.keys()
