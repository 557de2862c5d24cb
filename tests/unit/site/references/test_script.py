"""What is found in JavaScript, by ECMAScript (literals, imports), HTML (modules) and ECMA-426 (maps)."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.references.found import Contents, Found, Kind
from everyday.site.references.script import references

BACKTICK = "`"


def kinds(script: str) -> list[tuple[Kind, str]]:
    return [(found.kind, found.text) for found in references(script.encode()).found]


def texts(script: str) -> list[str]:
    return [text for _, text in kinds(script)]


def pieces(script: str) -> list[str]:
    return [piece.text for piece in references(script.encode()).pieces]


@pytest.mark.parametrize(
    "script",
    [
        'import "./a.js"',
        'import a from "./a.js"',
        'import a, { b as c } from "./a.js"',
        'import * as a from "./a.js"',
        'import a from "./a.js" with { type: "json" }',
        'export { a } from "./a.js"',
        'export * from "./a.js"',
        'export * as a from "./a.js"',
        'import("./a.js")',
        "import(/* webpackChunkName: 'a' */ './a.js')",
        "const f = () => import(`./a.js`)",
        'import.meta.resolve("./a.js")',
        'import"./a.js";',
    ],
)
def test_every_way_to_import_is_a_module(script: str) -> None:
    assert kinds(script) == [(Kind.MODULE, "./a.js")]


@pytest.mark.parametrize("name", ["react", "@scope/kit"])
def test_a_bare_name_that_is_imported_is_told(name: str) -> None:
    assert kinds(f'import "{name}"') == [(Kind.MODULE, name)]


@pytest.mark.parametrize("argument", ['"a.png"', "'a.png'", "`a.png`"])
def test_an_address_relative_to_the_script_is_a_link(argument: str) -> None:
    assert kinds(f"new Worker(new URL({argument}, import.meta.url))") == [(Kind.LINK, "a.png")]


@pytest.mark.parametrize("literal", ['"img/a.png"', "'img/a.png'", "`img/a.png`"])
@pytest.mark.parametrize(
    "around",
    ["x = {}", "f({})", "[1, {}]", "({{a: {}}})", "x => {}", "x == {} ? 1 : 2", "f`${{ {} }}`", "f(@ # {})"],
)
def test_a_whole_literal_is_a_text_wherever_it_stands(literal: str, around: str) -> None:
    assert kinds(around.format(literal)) == [(Kind.TEXT, "img/a.png")]


@pytest.mark.parametrize(
    "script",
    [
        "// 'img/a.png'",
        "/* 'img/a.png' */",
        "x = /'img\\/a.png'/",
        "'img/a.png'; f()",
        "function f() { 'img/a.png' }",
        "x = {'img/a.png': 1}",
        "x['img/a.png']",
        "let {'img/a.png': y} = x",
        "class A { 'img/a.png'() {} 'b.c' = 1 }",
        "x = <img src='img/a.png'>'img/a.png'</img>",
        "let y; export {y as 'a.b'}",
        "x = 'app'",
        "x = ''",
    ],
)
def test_what_is_no_address_is_not_found(script: str) -> None:
    assert texts(script) == []


def test_a_text_that_is_also_the_name_of_a_property_is_only_a_piece() -> None:
    script = "m = {'./a.js': f}; load('./a.js'); load('./b.js')"
    assert texts(script) == ["./b.js"]
    assert pieces(script) == ["./a.js"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("'img/' + n + '.png'", ["img/", ".png"]),
        ("'img/'+n", ["img/"]),
        ("s += 'a.png'", ["a.png"]),
        ("`img/${n}.png`", ["img/", ".png"]),
        ("`${a}/x/${b}`", ["/x/"]),
        ("`img\\u002f${n}`", ["img/"]),
        ("import(`./lang/${n}.js`)", ["./lang/", ".js"]),
        ("new URL('img/' + n, import.meta.url)", ["img/"]),
    ],
)
def test_what_is_put_together_is_told_in_pieces(script: str, expected: list[str]) -> None:
    assert pieces(f"x = {script}") == expected
    assert texts(f"x = {script}") == []


def test_a_piece_says_where_it_stands() -> None:
    script = b"x = `\xc3\xa4/${n}/b.png` + 'c/d'"
    assert [
        script[piece.start :][: len(piece.text.encode())].decode() for piece in references(script).pieces
    ] == [
        "ä/",
        "/b.png",
        "c/d",
    ]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("//# sourceMappingURL=a.js.map", ["a.js.map"]),
        ("//@ sourceMappingURL=a.js.map\n", ["a.js.map"]),
        ("/*# sourceMappingURL=a.js.map */", ["a.js.map"]),
        ("//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map", ["b.map"]),
        ("//# sourceMappingURL=data:application/json;base64,e30=", []),
        ("x = '//# sourceMappingURL=a' - b", []),
        ("// see sourceMappingURL=a.map", []),
    ],
)
def test_the_last_source_map_comment_is_a_link(comment: str, expected: list[str]) -> None:
    assert [text for kind, text in kinds(f"f();\n{comment}") if kind is Kind.LINK] == expected


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"a\/b.png", "a/b.png"),
        (r"\x61.png", "a.png"),
        (r"\u0061.png", "a.png"),
        (r"\u{61}.png", "a.png"),
        (r"\u{0000061}.png", "a.png"),
        (r"\141.png", "a.png"),
        (r"\ud83d\ude00.png", "😀.png"),
        ("a\\\nb.png", "ab.png"),
        ("a\\\r\nb.png", "ab.png"),
        ("a\\\u2028b.png", "ab.png"),
        (r"\a.p\ng", "a.p\ng"),
        (r"a\\b.png", r"a\b.png"),
    ],
)
def test_escapes_are_decoded_as_javascript_does(raw: str, text: str) -> None:
    assert texts(f"x = '{raw}'") == [text]


@pytest.mark.parametrize(
    "raw", [r"\xZZ.png", r"\u12.png", r"\u{110000}.png", r"\ud800.png", r"\udc00\ud800.png"]
)
def test_what_is_no_text_is_left_alone(raw: str) -> None:
    assert texts(f"x = '{raw}'") == []


def test_bytes_that_are_no_utf8_are_left_alone() -> None:
    assert references(b"x = '\xff.png'; y = 'a.png'").found == [Found(Kind.TEXT, "a.png", 18)]


def test_a_string_too_long_for_an_address_is_left_alone() -> None:
    assert texts(f"x = '{'a/' * 8_193}'") == []
    assert len(texts(f"x = '{'a/' * 8_192}'")) == 1


def test_a_string_without_an_end_is_left_alone() -> None:
    assert texts("x = 'a.png\ny = 2") == []


FORMS = st.sampled_from(["raw", "hex", "four", "point", "slash"])
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\"'`\\$\u2028\u2029")
LITERALS = st.tuples(
    st.lists(st.tuples(CHARACTERS, FORMS), min_size=1, max_size=8), st.sampled_from(["'", '"', BACKTICK])
)


def escaped(character: str, form: str) -> str:
    code = ord(character)
    if form == "hex" and code < 256:
        return f"\\x{code:02x}"
    if form == "four":
        return json.dumps(character)[1:-1] if code > 126 else f"\\u{code:04X}"
    if form == "point":
        return f"\\u{{{code:x}}}"
    return f"\\{character}" if form == "slash" and not character.isalnum() else character


@given(st.lists(LITERALS, min_size=1, max_size=5))
def test_any_way_to_write_a_text_is_read_and_each_offset_is_where_its_character_begins(
    literals: list[tuple[list[tuple[str, str]], str]],
) -> None:
    raws = [[escaped(*pair) for pair in [*pairs, ("/", "raw")]] for pairs, _ in literals]
    script = "ä([" + ",".join(
        f"{quote}{''.join(raw)}{quote}" for raw, (_, quote) in zip(raws, literals, strict=True)
    )
    content = (script + "])").encode()
    found = references(content).found
    assert [one.text for one in found] == ["".join(c for c, _ in pairs) + "/" for pairs, _ in literals]
    for one, raw in zip(found, raws, strict=True):
        edges = [one.byte(index) for index in range(len(one.text) + 1)]
        assert [content[a:b].decode() for a, b in pairwise(edges)] == raw


def spans(contents: Contents) -> list[tuple[int, int]]:
    return [(found.byte(0), found.byte(len(found.text))) for found in contents.found]


SCRAPS = st.sampled_from(
    [
        "'",
        '"',
        "`",
        "${",
        "}",
        "{",
        "(",
        ")",
        "a.png",
        "/",
        "//",
        "/*",
        "*/",
        "import",
        "\\",
        "+",
        "<a>",
        "\n",
        ":",
    ]
)


@given(st.lists(SCRAPS, max_size=40))
def test_anything_at_all_is_read_without_overlap(scraps: list[str]) -> None:
    contents = references(" ".join(scraps).encode())
    edges = [edge for span in spans(contents) for edge in span]
    assert edges == sorted(edges)
    starts = [piece.start for piece in contents.pieces]
    assert starts == sorted(set(starts))


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(content: bytes) -> None:
    for start, end in spans(references(content)):
        assert 0 <= start <= end <= len(content)


@pytest.mark.parametrize("unit", ["a+", "((", "f(", "/*", "`${", "[", "{'a.b':", "'", "!"])
def test_deep_nonsense_ends(unit: str) -> None:
    """Neither a stack overflows, nor is a string before it lost."""
    assert texts("x = 'c.png';" + unit * 3_000)[0] == "c.png"
