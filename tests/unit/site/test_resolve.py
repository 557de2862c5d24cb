"""Where references lead. The rules: WHATWG URL §4.4 (the URL parser), HTML (`base`, module specifiers, import
maps), RFC 3986 §5.4 (its examples of relative references hold in both)."""

import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.names import hashed
from everyday.site.references.found import Found, Kind
from everyday.site.resolve import Answer, Outcome, Resolver

ORIGIN = "https://example.com"
FILES = (
    "index.html",
    "about.html",
    "blog/index.html",
    "blog/post.html",
    "css/main.css",
    "css/x.png",
    "img/a b.png",
    "img/a+b.png",
    "img/ä.png",
    "img/100%.png",
    "img/q?.png",
    "img/.hidden",
    "img/LICENSE",
    "img/jquery.min.js",
    "img/x.png",
    "js/app.js",
    "js/lib/util.js",
    "x.png",
    "app",
)


def resolve(
    kind: Kind, text: str, *, file: str = "css/main.css", origin: str | None = ORIGIN, **more: object
) -> Answer:
    resolver = Resolver(FILES, origin)
    return resolver.resolve(Found(kind, text, 0), resolver.place(file, **more))  # type: ignore[arg-type]


def leads_to(text: str, **more: object) -> str | None:
    answer = resolve(Kind.ASSET, text, **more)  # type: ignore[arg-type]
    return answer.path if answer.outcome is Outcome.FILE else None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x.png", "css/x.png"),  # path state
        ("./x.png", "css/x.png"),  # single-dot segment
        ("%2e/x.png", "css/x.png"),
        ("%2E/./x.png", "css/x.png"),
        ("../img/x.png", "img/x.png"),  # double-dot segment
        (".%2E/img/x.png", "img/x.png"),
        ("%2e%2e/img/x.png", "img/x.png"),
        ("../../../x.png", "x.png"),  # nothing is above the root
        ("../img/none/../x.png", "img/x.png"),
        ("/img/x.png", "img/x.png"),  # path absolute
        ("\\img\\x.png", "img/x.png"),  # "\" is "/"
        ("..\\img/x.png", "img/x.png"),
        ("x.png?v=1/2", "css/x.png"),  # query
        ("x.png#a?b", "css/x.png"),  # fragment
        ("x.png?\\..\\y", "css/x.png"),
        (" \n x.png\t\f", "css/x.png"),  # around it
        ("x.\n\tpng", "css/x.png"),  # tab and newline
        ("../img/a%20b.png", "img/a b.png"),  # percent-decode
        ("../img/a b.png", "img/a b.png"),
        ("../img/a+b.png", "img/a+b.png"),
        ("../img/%C3%A4.png", "img/ä.png"),
        ("../img/ä.png", "img/ä.png"),
        ("../img/100%.png", "img/100%.png"),
        ("../img/100%25.png", "img/100%.png"),
        ("../img/q%3F.png", "img/q?.png"),
        ("//example.com/x.png", "x.png"),  # the site's own host
        ("https://example.com/img/x.png", "img/x.png"),
        ("HTTPS://EXAMPLE.com:443/img/x.png", "img/x.png"),
        ("http://example.com/x.png", "x.png"),  # CloudFront sends it on to https
        ("https:\\\\example.com\\x.png", "x.png"),
        ("https:////example.com/x.png", "x.png"),
        ("http:example.com/x.png", "x.png"),  # special authority slashes
        ("https:x.png", "css/x.png"),  # special relative or authority
        ("https:/x.png", "x.png"),
        ("https://me@example.com/x.png", "x.png"),
        ("/", "index.html"),
        ("https://example.com", "index.html"),
        ("..", "index.html"),
        ("../blog/", "blog/index.html"),
        ("../blog/.", "blog/index.html"),
    ],
)
def test_an_address_leads_where_a_browser_goes(text: str, path: str) -> None:
    assert leads_to(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#x",
        "?x",
        "data:image/png;base64,x.png",
        "mailto:x.png",
        "javascript:x.png",
        "blob:https://example.com/x.png",
        "ftp://example.com/x.png",
        "file:///x.png",
        "//other.org/x.png",
        "https://example.com.other.org/x.png",
        "https://example.com:8443/x.png",
        "\\\\other.org/x.png",
        "//",
    ],
)
def test_what_leads_away_or_nowhere_is_no_reference(text: str) -> None:
    assert resolve(Kind.ASSET, text) == Answer(Outcome.ELSEWHERE)


def test_a_site_that_does_not_know_its_address_has_only_relative_ones() -> None:
    assert resolve(Kind.ASSET, "https://example.com/x.png", origin=None).outcome is Outcome.ELSEWHERE
    assert leads_to("/x.png", origin=None) == "x.png"


@pytest.mark.parametrize("origin", ["http://site.localhost:8080", "http://[::1]:8080"])
def test_an_unusual_port_is_part_of_the_origin(origin: str) -> None:
    assert leads_to(f"{origin}/x.png", origin=origin) == "x.png"
    assert leads_to(f"{origin[:-4]}9090/x.png", origin=origin) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("gone.png", "css/gone.png"),
        ("X.png", "css/X.png"),
        ("../gone/", "gone/index.html"),
        ("/img%2Fx.png", "/img%2Fx.png"),  # %2F is no separator
        ("/img/%FF.png", "/img/%FF.png"),  # no UTF-8
        ("/img//x.png", "img//x.png"),
        ("/about", "about"),
    ],
)
def test_a_file_that_is_not_there_is_missing(text: str, path: str) -> None:
    answer = resolve(Kind.MODULE, text if text.startswith("/") else f"./{text}")
    assert answer == Answer(Outcome.MISSING, path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/about", "about.html"),
        ("/about/", "about.html"),
        ("/about?x#y", "about.html"),
        ("/blog", "blog/index.html"),
        ("/blog/post", "blog/post.html"),
    ],
)
def test_a_pretty_address_exists_and_has_no_place_for_a_hash(text: str, path: str) -> None:
    assert resolve(Kind.LINK, text) == Answer(Outcome.FILE, path, None)


@pytest.mark.parametrize(
    ("base", "text", "path"),
    [
        ("/img/", "x.png", "img/x.png"),
        ("/img/none.html", "x.png", "img/x.png"),
        ("../img/", "x.png", "img/x.png"),
        ("https://example.com/img/", "x.png", "img/x.png"),
        ("/img", "x.png", "x.png"),
        ("/img/", "/x.png", "x.png"),
        ("https://other.org/", "x.png", None),
        ("https://other.org/", "/x.png", None),
        ("https://other.org/", "https://example.com/x.png", "x.png"),
        ("//other.org/", "x.png", None),
        ("data:,", "x.png", "css/x.png"),
        ("javascript:0", "x.png", "css/x.png"),
        ("", "x.png", "css/x.png"),
        ("#x", "x.png", "css/x.png"),
    ],
)
def test_a_base_says_where_relative_addresses_begin(base: str, text: str, path: str | None) -> None:
    assert leads_to(text, base=base) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/img/x.png", "img/x.png"),
        ("img/x.png?v=1", "img/x.png"),
        ("main.css", "css/main.css"),
        ("../img/LICENSE", "img/LICENSE"),
        ("./main.css#x", "css/main.css"),
        ("https://example.com/js/app.js", "js/app.js"),
        ("js/lib/util.js", "js/lib/util.js"),
    ],
)
def test_a_text_is_a_reference_if_it_is_the_address_of_a_file(text: str, path: str) -> None:
    assert resolve(Kind.TEXT, text).path == path


@pytest.mark.parametrize(
    "text",
    [
        "app",  # a bare word, though a file has that name
        "app?x.y",
        "app#a/b",
        "main",
        "see js/app.js",
        "js/app.js, css/main.css",
        "js/app.j",
        "s/app.js",
        "/about",
        "/",
        "blog/",
        "js/\napp.js",
        "https://other.org/js/app.js",
        "//js/app.js",
    ],
)
def test_no_other_text_is_a_reference(text: str) -> None:
    assert resolve(Kind.TEXT, text) == Answer(Outcome.ELSEWHERE)


def test_a_text_that_may_mean_two_files_is_none_of_them() -> None:
    assert resolve(Kind.TEXT, "x.png").outcome is Outcome.AMBIGUOUS
    assert resolve(Kind.TEXT, "../x.png").outcome is Outcome.FILE
    assert resolve(Kind.TEXT, "/x.png").path == "x.png"


def test_a_script_s_texts_may_be_relative_to_the_pages_that_load_it() -> None:
    resolver = Resolver(FILES)
    text = Found(Kind.TEXT, "post.html", 0)
    pages = [resolver.place("blog/index.html")]
    assert resolver.resolve(text, resolver.place("js/app.js")).outcome is Outcome.ELSEWHERE
    assert resolver.resolve(text, resolver.place("js/app.js", pages=pages)).path == "blog/post.html"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("./lib/util.js", Answer(Outcome.FILE, "js/lib/util.js", 10)),
        ("../js/app.js", Answer(Outcome.FILE, "js/app.js", 9)),
        ("/js/app.js", Answer(Outcome.FILE, "js/app.js", 7)),
        ("https://example.com/js/app.js", Answer(Outcome.FILE, "js/app.js", 26)),
        ("./gone.js", Answer(Outcome.MISSING, "js/gone.js")),
        ("app.js", Answer(Outcome.ELSEWHERE)),  # a bare name
        ("lib/util.js", Answer(Outcome.ELSEWHERE)),
        ("https://other.org/x.js", Answer(Outcome.ELSEWHERE)),
    ],
)
def test_a_module_is_found_by_its_address(text: str, answer: Answer) -> None:
    assert resolve(Kind.MODULE, text, file="js/main.js") == answer


IMPORTS = {
    "util": "./js/lib/util.js",
    "lib/": "/js/lib/",
    "lib/special.js": "/js/app.js",
    "/js/old.js": "/js/app.js",
    "./old/": "./js/",
    "far/": "https://other.org/",
    "far": "https://other.org/x.js",
    "broken": "js/app.js",
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("util", Answer(Outcome.FILE, "js/lib/util.js")),
        ("lib/util.js", Answer(Outcome.FILE, "js/lib/util.js", 8)),
        ("lib/./util.js?x", Answer(Outcome.FILE, "js/lib/util.js", 10)),
        ("lib/gone.js", Answer(Outcome.MISSING, "js/lib/gone.js", 8)),
        ("lib/special.js", Answer(Outcome.FILE, "js/app.js")),  # the longest name first
        ("lib/../app.js", Answer(Outcome.ELSEWHERE)),  # above the prefix: an error in a browser
        ("./old.js", Answer(Outcome.FILE, "js/app.js")),  # an address is a name, too
        ("../old/lib/util.js", Answer(Outcome.FILE, "js/lib/util.js", 15)),
        ("./app.js", Answer(Outcome.FILE, "js/app.js", 5)),
        ("far", Answer(Outcome.ELSEWHERE)),
        ("far/x.js", Answer(Outcome.ELSEWHERE)),
        ("broken", Answer(Outcome.ELSEWHERE)),  # an import map's address begins with ./, ../ or /
        ("unknown", Answer(Outcome.ELSEWHERE)),
    ],
)
def test_a_page_s_import_map_says_what_a_name_stands_for(text: str, answer: Answer) -> None:
    resolver = Resolver(FILES)
    page = resolver.place("index.html", imports=IMPORTS)
    place = resolver.place("js/main.js", pages=[page, page])
    assert resolver.resolve(Found(Kind.MODULE, text, 0), place) == answer


def test_a_name_that_two_pages_map_differently_is_ambiguous() -> None:
    resolver = Resolver(FILES)
    pages = [resolver.place("index.html", imports={"x/": f"/{folder}/"}) for folder in ("js", "js/lib")]
    place = resolver.place("js/main.js", pages=pages)
    assert resolver.resolve(Found(Kind.MODULE, "x/app.js", 0), place).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize(
    ("text", "with_hash"),
    [
        ("../img/x.png?v=1.2#a.b", "../img/x.HASH.png?v=1.2#a.b"),
        ("/img/jquery.min.js", "/img/jquery.min.HASH.js"),
        ("/img/LICENSE?x.y", "/img/LICENSE.HASH?x.y"),
        ("/img/.hidden", "/img/.hidden.HASH"),
        ("/img/%2Ehidden", "/img/%2Ehidden.HASH"),
        ("/img/x%2epng", "/img/x.HASH%2epng"),
        ("/img/jquery%2Emin.js", "/img/jquery%2Emin.HASH.js"),
        ("\\img\\x.png", "\\img\\x.HASH.png"),
        (" x.p\nng ", " x.HASH.p\nng "),
        ("/img/LICEN\nSE\t", "/img/LICEN\nSE.HASH\t"),
        ("https://example.com/x.png", "https://example.com/x.HASH.png"),
        ("../img/ä.png", "../img/ä.HASH.png"),
    ],
)
def test_a_hash_goes_before_the_last_dot_of_the_name(text: str, with_hash: str) -> None:
    at = resolve(Kind.ASSET, text).at
    assert at is not None
    assert f"{text[:at]}.HASH{text[at:]}" == with_hash


SEGMENT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


def spelt(path: str, folder: list[str], how: random.Random) -> str:
    """An address of `path` from `folder`: any that a browser reads so."""
    way = how.choice(["root", "up", "origin", "host"])
    start = {"root": "/", "up": "../" * (len(folder) + how.randrange(2)), "origin": f"{ORIGIN}/"}.get(
        way, "//EXAMPLE.com/"
    )
    start = start or "./"
    segments = [spelt_segment(segment, how) for segment in path.split("/")]
    address = start + "/".join(how.choice(["", "./", "no.ne/../", "%2E/"]) + segment for segment in segments)
    tail = how.choice(["", "?v=1.2", "#a.b/c", "?"])
    slashes = address.replace("/", "\\") if how.random() < 0.1 else address
    return f"{how.choice(['', ' '])}{slashes}{tail}"


def spelt_segment(segment: str, how: random.Random) -> str:
    def one(character: str) -> str:
        bare = character.isalnum() or character in "-_.~!$'()*+,;=@&"
        dot = character == "." and how.random() < 0.3
        return f"%{how.choice(['2e', '2E'])}" if dot else character if bare else quote(character, safe="")

    return "".join(map(one, segment))


@given(PATHS, PATHS, st.integers(0, 2**32))
def test_any_spelling_leads_to_the_file_and_with_its_hash_to_the_renamed_one(
    target: str, file: str, seed: int
) -> None:
    how = random.Random(seed)
    text = spelt(target, file.split("/")[:-1], how)
    before = Resolver({target}, ORIGIN)
    answer = before.resolve(Found(Kind.ASSET, text, 0), before.place(file))
    assert (answer.outcome, answer.path) == (Outcome.FILE, target)
    assert answer.at is not None
    renamed = hashed(target, b"1234567890")
    part = hashed("", b"1234567890")  # the hash alone, with its dot
    after = Resolver({renamed}, ORIGIN)
    again = after.resolve(
        Found(Kind.ASSET, text[: answer.at] + part + text[answer.at :], 0), after.place(file)
    )
    assert (again.outcome, again.path) == (Outcome.FILE, renamed)


@given(st.text(max_size=30), st.text(max_size=10), st.sampled_from(list(Kind)))
def test_no_text_is_too_strange(text: str, base: str, kind: Kind) -> None:
    answer = resolve(kind, text, base=base)
    assert answer.at is None or 0 < answer.at <= len(text)
    assert answer.outcome is not Outcome.FILE or answer.path in FILES
