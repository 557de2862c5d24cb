"""Components of files that name each other, and the names that they get."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from everyday.site.graph import components
from everyday.site.model import Edit
from everyday.site.names import unhashed
from everyday.site.renaming import Reference, References, Renamed, Sealed, rename

Graph = Mapping[str, Sequence[str]]

names = st.sampled_from("abcdefghij")
graphs = st.dictionaries(names, st.lists(names, max_size=4), max_size=10)


def reachable(graph: Graph, start: str) -> set[str]:
    """What `start` leads to, slowly."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for target in graph.get(ahead.pop(), ()):
            if target not in seen:
                seen.add(target)
                ahead.append(target)
    return seen


@given(graphs)
def test_a_component_holds_those_that_lead_to_each_other(graph: Graph) -> None:
    for group in components(graph):
        for file in group:
            both = {other for other in reachable(graph, file) if file in reachable(graph, other)}
            assert set(group) == both | {file}


@given(graphs)
def test_every_file_comes_once_and_after_all_it_leads_to(graph: Graph) -> None:
    seen: list[str] = []
    for group in components(graph):
        for file in group:
            assert set(graph.get(file, ())) <= {*seen, *group}
        seen += group
    assert sorted(seen) == sorted({*graph, *(target for targets in graph.values() for target in targets)})


def test_a_chain_longer_than_pythons_stack_is_followed() -> None:
    chain = {f"{number:05}": [f"{number + 1:05}"] for number in range(20_000)}
    assert next(components(chain))[0] == "20000"


def test_a_ring_longer_than_pythons_stack_is_one_component() -> None:
    ring = {f"{number:05}": [f"{(number + 1) % 20_000:05}"] for number in range(20_000)}
    assert [len(group) for group in components(ring)] == [20_000]


def _no_seal(sealed: Sealed, edits: Sequence[Edit]) -> str:
    raise AssertionError(f"nothing is sealed here, but {sealed} and {edits}")


def named(graph: Graph, pages: Sequence[str] = (), changed: str = "") -> Renamed:
    """The names of a site in which each file names others, a line each; one of them changed."""
    files = sorted({*graph, *(target for targets in graph.values() for target in targets)})
    return rename(
        {
            path: References([Reference(10 * line, target) for line, target in enumerate(targets)])
            for path, targets in graph.items()
        },
        {path: sha256(path.encode() + b"!" * (path == changed)).digest() for path in files},
        [path for path in files if path not in pages],
        _no_seal,
    )


@given(graphs, st.sets(names))
def test_a_change_renames_the_file_and_those_whose_text_leads_to_it(graph: Graph, pages: set[str]) -> None:
    """Through names that stand in their text: a page's name does not change, so it stops there."""
    before = named(graph, sorted(pages))
    text: dict[str, list[str]] = {
        file: [target for target in targets if target not in pages] for file, targets in graph.items()
    }
    for changed in before.paths:
        after = named(graph, sorted(pages), changed)
        different = {file for file in before.paths if before.paths[file] != after.paths[file]}
        ancestors = {file for file in before.paths if changed in reachable(text, file)}
        assert different == ancestors | {changed}


@given(graphs, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_files(graph: Graph, random: object) -> None:
    shuffled = list(graph.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert named(dict(shuffled)) == named(graph)


@given(graphs)
def test_each_reference_gets_the_new_name_of_its_target(graph: Graph) -> None:
    made = named(graph)
    for path, targets in graph.items():
        texts = [edit.text.decode() for edit in made.edits.get(path, ())]
        assert [f"{target}{text}" for target, text in zip(targets, texts, strict=True)] == [
            made.paths[target] for target in targets
        ]


def test_a_page_gets_its_edits_and_keeps_its_name() -> None:
    made = named({"index.html": ["main.css"]}, pages=["index.html"])
    assert list(made.paths) == ["main.css"]
    assert unhashed(made.paths["main.css"]) == "main.css"
    assert made.edits == {"index.html": [Edit(0, 0, made.paths["main.css"][4:15].encode())]}


def _seal(sealed: Sealed, edits: Sequence[Edit]) -> str:
    return f"sha256-{sealed.target}{len(edits)}"


def _sealing(change: str = "") -> Renamed:
    """page.html seals app.js, which names img.png; loader.js seals page.html."""
    return rename(
        {
            "page.html": References([Reference(5, "app.js")], [Sealed(10, 20, "sha256-x", "app.js")]),
            "app.js": References([Reference(3, "img.png")]),
            "loader.js": References([], [Sealed(7, 9, "sha256-y", "page.html")]),
        },
        {path: (path + change).encode() for path in ("page.html", "app.js", "img.png", "loader.js")},
        ["app.js", "img.png", "loader.js"],
        _seal,
    )


def test_an_integrity_is_of_its_target_after_the_edits() -> None:
    made = _sealing()
    assert made.edits["page.html"][1] == Edit(10, 20, b"sha256-app.js1")
    assert made.edits["loader.js"] == [Edit(7, 9, b"sha256-page.html2")]
    assert made.problems == []


def test_a_file_that_is_sealed_by_what_it_names_is_a_problem_and_left_alone() -> None:
    made = rename(
        {
            "a.js": References([Reference(1, "b.js")]),
            "b.js": References([], [Sealed(4, 8, "sha256-old", "a.js")]),
        },
        {"a.js": b"1", "b.js": b"2"},
        ["a.js", "b.js"],
        _seal,
    )
    assert [edit.start for edit in made.edits["a.js"]] == [1]
    assert "b.js" not in made.edits
    assert made.problems[0].startswith("b.js has the integrity of a.js, which depends on b.js")
