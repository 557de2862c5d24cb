"""What the edge is told of a release: small values, few of them new after a small change."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import SiteRefused
from everyday.site.edge import PREVIEW, Edge, changes_of, items, live_value
from everyday.site.edge_tree import VALUE_BYTES, chunks, fingerprint, slot, spread
from stacks.edge_functions import VIEWER_REQUEST, edge_function
from tests.edge_world import Edges, an_edge, kept, node_functions, outcome, page_hash

KEY_AND_VALUE_BYTES = 1024

paths = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40
).filter(lambda path: not path.startswith("/") and "//" not in path)


@given(st.dictionaries(paths, st.just("aaaaaaaaaa"), max_size=300), st.text(max_size=3000))
def test_every_value_fits_with_its_key(pages: dict[str, str], headers: str) -> None:
    told = items(Edge("20261123-221501-k3f9xq", pages, {}, headers=f"/*\n  X-A: {headers}"))
    live = live_value(10**9, told.value)
    for key, value in {**told.items, "live": live}.items():
        assert len(key.encode()) + len(value.encode()) <= KEY_AND_VALUE_BYTES


def test_the_same_release_is_told_the_same_in_any_order() -> None:
    names = [f"page-{number}.html" for number in range(500)]
    shuffled = random.Random(1).sample(names, len(names))
    rules = "/a /b\n/c/* /d"
    assert items(an_edge(*names, redirects=rules)) == items(an_edge(*shuffled, redirects=rules))


@pytest.mark.parametrize(("count", "most"), [(40, 2), (1_000, 2), (5_000, 3)])
def test_a_changed_page_changes_one_leaf_and_what_names_it(count: int, most: int) -> None:
    before = an_edge(*[f"page-{number}.html" for number in range(count)])
    after = before._replace(pages={**before.pages, "page-7.html": "bbbbbbbbbb"})
    new = items(after).items.items() - items(before).items.items()
    assert len(new) == most


def test_a_release_of_100_000_pages_fits() -> None:
    told = items(Edge("id", {f"posts/{number}.html": "aaaaaaaaaa" for number in range(100_000)}, {}))
    assert sum(len(key) + len(value) for key, value in told.items.items()) < 2_000_000


def test_more_than_fits_is_refused_with_what_to_do() -> None:
    rules = "\n".join(f"/{'x' * 300}/{number} /new/{number}" for number in range(13_000))
    with pytest.raises(SiteRefused, match=r"use patterns such as /old/\*"):
        items(Edge("id", {}, {}, redirects=rules))


@pytest.mark.parametrize(("redirects", "headers"), [("/{0}/* /a/:splat", ""), ("", "/{0}\n X-A: {0}")])
def test_more_patterns_than_fit_are_refused_by_their_file(redirects: str, headers: str) -> None:
    lines = [f"directory-number-{number}" for number in range(1_000)]
    edge = Edge(
        "id",
        {},
        {},
        redirects="\n".join(map(redirects.format, lines)),
        headers="\n".join(map(headers.format, lines)),
    )
    with pytest.raises(SiteRefused, match="_redirects" if redirects else "_headers"):
        items(edge)


def test_rules_that_are_the_same_in_two_values_are_both_there() -> None:
    text = "x" * (2 * VALUE_BYTES)
    assert chunks(text) == [text[:VALUE_BYTES]] * 2
    told = items(Edge("id", {}, {}, headers=f"/*\n X-A: {text}"))
    values = [value for value in told.items.values() if "xxx" in value]
    assert "".join(value[1:] for value in sorted(values)) == f"0\t*\tx-a:{text}"


@given(st.text(st.characters(codec="utf-8"), max_size=4000))
def test_pieces_are_the_text(text: str) -> None:
    pieces = chunks(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece.encode()) <= VALUE_BYTES for piece in pieces)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", ""),
        ("about.html", "about"),
        ("about/index.html", "about"),
        ("about/", "about"),
        ("a/myindex.html", "a/myindex"),
        ("a.html/index.html", "a"),
        ("robots.txt", "robots.txt"),
    ],
)
def test_all_addresses_of_a_page_have_one_slot(path: str, expected: str) -> None:
    assert slot(path) == expected


def test_pages_that_look_the_same_get_another_seed() -> None:
    """These two have the same fingerprint with the first seed, in a site of one leaf."""
    seen: dict[str, str] = {}
    one = other = ""
    for number in range(200_000):
        path = f"{number}"
        mark = fingerprint(path, 0)
        if mark in seen:
            one, other = seen[mark], path
            break
        seen[mark] = path
    assert one
    told = items(Edge("id", {one: page_hash(one), other: page_hash(other)}, {}))
    assert told.value.split()[2] == "1"
    with node_functions() as node:
        world = Edges(node, kept(told))
        for path in (one, other):
            assert outcome(world.ask(f"/{path}")) == f"/pages/{path}/{page_hash(path)}"


def test_both_languages_hash_the_same() -> None:
    texts = ["", "a", "about.html", "ü", "日本語/頁.html", "𝒳-😀", "x" * 2000, "a b#%?"]
    code = edge_function(VIEWER_REQUEST).replace("async function handler(", "async function unused(") + (
        "function handler(event) { const all = event.texts.map((text) => [spread(text, event.seed), "
        "fingerprint(text, event.seed), slotOf(text)]); return { all: all }; }"
    )
    with node_functions() as node:
        for seed in (0, 1, 63):
            expected = [[spread(text, seed), fingerprint(text, seed), slot(text)] for text in texts]
            event = {"texts": texts, "seed": seed}
            assert node.run(_hashing(code), event, {}.get)["all"] == expected


def _hashing(code: str) -> str:
    """Only what hashes, and its handler: all together is longer than CloudFront takes."""
    begin, end = code.index("async function release"), code.index("function handler(event) { const all")
    return code[:begin] + code[end:]


def test_the_pointer_carries_its_number() -> None:
    assert changes_of(live_value(41, "id s 0")) == 41
    assert changes_of(None) == 0


def test_a_release_has_a_preview_with_its_value() -> None:
    told = items(an_edge("index.html"))
    assert told.items[PREVIEW + an_edge().release] == told.value
