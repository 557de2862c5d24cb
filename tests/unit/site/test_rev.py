"""A revved site works as it did, with every asset under a name of its own content."""

import base64
import hashlib
import os
import random
import re
import signal
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyday.errors import SiteError, SiteRefused
from everyday.site.inputs import digests, inputs
from everyday.site.model import Revision, RevRules, SiteRules
from everyday.site.names import unhashed
from everyday.site.rev import broken, rev
from everyday.site.workers import side_by_side
from tests.unit.site.trees import MemoryTree, by_source, crawl, new_names, published, undone

RULES, WHOLE = RevRules(), SiteRules()
LONG = "/".join(["a-long-folder-name"] * 50) + "/" + "x" * 40 + ".png"

SITE = {
    "index.html": """<!doctype html><html><head><title>img/a.png</title>
<link rel=stylesheet href="/css/main.css?v=1#x"><base target=_top>
<script type="module" src="js/app.js"></script></head>
<body><!-- img/a.png --><p>See img/a.png, and style.css.</p>
<img src="img/a.png" srcset="img/a.png 1x, img/a%402x.png 2x" alt="img/a.png">
<img src="img/with%20space%23.png"><img src=img/%25.png><a href="blog/">Blog</a><a href="about.html#us">Us</a>
<div style="background:url(&quot;img/a.png&quot;)" data-big="img/a.png">a.png</div>
<script>fetch("data/list.json"); var a = "a", s = "main";</script></body></html>""",
    "about.html": '<p><a href="/index.html">home</a><img src="/' + LONG + '">',
    "blog/index.html": '<a href="../">up</a><img src="../img/a.png"><img src="pic.svg">'
    '<a href="/data/list.json">d</a>',
    "blog/pic.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="../img/a.png"/></svg>',
    "css/main.css": '@import "other.css"; a{background:url(../img/a.png)} b{content:"img/a.png"} /* a.png */',
    "css/other.css": "@font-face{src:url('../fonts/f.woff2?#iefix')} i{background:url(../img/a\\@2x.png)}",
    "js/app.js": 'import {b} from "./b.js";\nexport const a = "app", pic = "/img/a.png";\n'
    'document.getElementById("app"); // img/a.png\n//# sourceMappingURL=app.js.map\n',
    "js/b.js": 'import {a} from "./app.js"; export const b = `/img/a.png`, c = "b";',
    "js/app.js.map": '{"version":3,"file":"app.js","sources":["../src/a.ts"],"mappings":"AAAA"}',
    "data/list.json": '{"img/a.png":"img\\/a.png","more":["/blog/pic.svg","a.png","prose about img/a.png"]}',
    "img/a.png": b"\x89PNG a",
    "img/a@2x.png": b"\x89PNG b",
    "img/with space#.png": b"\x89PNG c",
    "img/%.png": b"\x89PNG d",
    "img/empty.png": b"",
    "empty.css": b"",
    LONG: b"long",
    "fonts/f.woff2": b"font",
    "robots.txt": "User-agent: *\n",
    "A.txt": "upper",
    "a.txt": "lower",
}


def revved(site: Mapping[str, bytes | str], rules: RevRules = RULES, workers: int = 1) -> Revision:
    return rev(MemoryTree(dict(sorted(site.items()))), rules, workers=workers)


def text_of(site: Mapping[str, bytes | str], path: str, rules: RevRules = RULES) -> str:
    """What is published of one file of a site."""
    tree = MemoryTree(dict(sorted(site.items())))
    revision = rev(tree, rules, workers=1)
    return published(tree, revision)[by_source(revision)[path].path].decode()


@pytest.mark.parametrize("rename_html", [False, True])
def test_every_address_that_worked_still_works(rename_html: bool) -> None:
    tree = MemoryTree(SITE)
    revision = rev(tree, RevRules(rename_html=rename_html), workers=1)
    sources = {output.path: output.source for output in revision.outputs}
    before, after = crawl(tree.contents), crawl(published(tree, revision))
    assert len(before) > 12
    assert {sources[path] for path in after} >= before
    assert revision.problems == ()
    assert broken(revision, RevRules()) == ()


def test_taking_the_hashes_out_gives_the_input_back() -> None:
    tree = MemoryTree(SITE)
    revision = rev(tree, RevRules(rename_html=True), workers=1)
    assert sum(len(output.edits) for output in revision.outputs) > 20
    for output in revision.outputs:
        assert undone(tree, output) == tree.read(output.source)
        assert unhashed(output.path) == output.source


def test_nothing_but_references_changes() -> None:
    """Prose, comments, titles, bare words, keys and other strings that look alike stay as they are."""
    page = text_of(SITE, "index.html")
    for kept in (
        "<title>img/a.png</title>",
        "<!-- img/a.png -->",
        "See img/a.png, and style.css.",
        'alt="img/a.png"',
        ">a.png</div>",
        'var a = "a", s = "main"',
        'href="about.html#us"',
        'href="blog/"',
    ):
        assert kept in page
    assert 'getElementById("app"); // img/a.png' in text_of(SITE, "js/app.js")
    assert 'content:"img/a.png"} /* a.png */' in text_of(SITE, "css/main.css")
    data = text_of(SITE, "data/list.json")
    assert data.startswith('{"img/a.png":"img\\/a.')
    assert '"prose about img/a.png"' in data


def test_query_fragment_and_escapes_stay_around_the_new_name() -> None:
    page, names = text_of(SITE, "index.html"), new_names(revved(SITE))
    assert f'href="/{names["css/main.css"]}?v=1#x"' in page
    assert names["img/a@2x.png"].replace("@", "%40") + " 2x" in page
    assert names["img/with space#.png"].replace(" ", "%20").replace("#", "%23") in page
    assert names["img/a@2x.png"].replace("@", "\\@") in text_of(SITE, "css/other.css")
    assert names["img/a.png"].replace("/", "\\/") in text_of(SITE, "data/list.json")


def test_digests_and_sizes_are_those_of_what_is_published() -> None:
    tree = MemoryTree(SITE)
    revision = rev(tree, RevRules(), workers=1)
    for output, body in zip(revision.outputs, published(tree, revision).values(), strict=True):
        assert (output.size, output.digest) == (len(body), hashlib.sha256(body).digest())


def test_case_and_empty_files_make_no_difference() -> None:
    names = new_names(revved(SITE))
    assert len({"A.txt", "a.txt", "img/empty.png", "empty.css"} & names.keys()) == 4
    assert len(set(names.values())) == len(names)


def test_pages_that_change_do_not_rename_what_links_to_them() -> None:
    changed = {**SITE, "about.html": "something else"}
    assert new_names(revved(changed)) == new_names(revved(SITE))


def test_a_change_reaches_all_who_name_the_file_and_nobody_else() -> None:
    before, after = new_names(revved(SITE)), new_names(revved({**SITE, "fonts/f.woff2": "new"}))
    assert {path for path in before if before[path] != after[path]} == {
        "fonts/f.woff2",
        "css/other.css",
        "css/main.css",
    }


def test_scripts_that_import_each_other_change_together() -> None:
    before = new_names(revved(SITE))
    after = new_names(revved({**SITE, "js/b.js": str(SITE["js/b.js"]) + " "}))
    assert {path for path in before if before[path] != after[path]} >= {"js/app.js", "js/b.js"}
    assert before["css/main.css"] == after["css/main.css"]


_paths = ["index.html", "a.css", "d/b.css", "d/c.css", "e/f/g.css", "p.html", "d/q.html", "x.png"]
_naming = st.dictionaries(
    st.sampled_from(_paths[:-1]), st.lists(st.sampled_from(_paths), max_size=4), max_size=len(_paths)
)


def _made(naming: Mapping[str, Sequence[str]], changed: str = "") -> dict[str, str]:
    """Pages and style sheets that name each other by addresses from the root."""
    site = {}
    for path in _paths:
        targets = naming.get(path, ())
        form = '<img src="/%s">' if path.endswith(".html") else "a{background:url(/%s)}"
        site[path] = path + "".join(form % target for target in targets) + "!" * (path == changed)
    return site


@settings(max_examples=40, deadline=None)
@given(_naming, st.booleans(), st.randoms(use_true_random=False))
def test_a_change_renames_exactly_the_ancestors(
    naming: Mapping[str, Sequence[str]], rename_html: bool, random: random.Random
) -> None:
    rules = RevRules(rename_html=rename_html)
    before = new_names(revved(_made(naming), rules))
    changed = random.choice(_paths)
    after = new_names(revved(_made(naming, changed), rules))
    ancestors = {changed}
    for _ in _paths:
        ancestors |= {
            path
            for path, targets in naming.items()
            if any(target in ancestors and target in before for target in targets)
        }
    assert {path for path in before if before[path] != after[path]} == ancestors & before.keys()


@settings(max_examples=20, deadline=None)
@given(_naming, st.randoms(use_true_random=False))
def test_the_order_of_files_makes_no_difference(
    naming: Mapping[str, Sequence[str]], random: random.Random
) -> None:
    files = list(_made(naming).items())
    random.shuffle(files)
    assert rev(MemoryTree(dict(files)), RevRules(), workers=1) == revved(_made(naming))


def test_two_processes_find_what_one_finds() -> None:
    site = dict(SITE)
    for number in range(400):
        site[f"p/{number}.html"] = f'<a href="{number + 1}.html"><img src="/img/a.png">' + "text " * 2_000
    assert revved(site, workers=2) == revved(site, workers=1)


def test_a_process_that_dies_is_said_and_not_waited_for() -> None:
    def die(batch: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return batch

    with pytest.raises(SiteError, match="exit code -9"):
        list(side_by_side(die, [1, 2, 3], 2))


def test_an_error_in_a_process_is_raised_here() -> None:
    def refuse(batch: int) -> int:
        raise SiteRefused(f"number {batch}")

    with pytest.raises(SiteRefused, match="number"):
        list(side_by_side(refuse, [1, 2, 3], 2))


def test_side_by_side_does_every_batch_once() -> None:
    done = dict(side_by_side(lambda batch: batch * batch, range(50), 3))
    assert done == {number: number * number for number in range(50)}


def test_a_seal_is_made_anew_for_every_algorithm_it_has() -> None:
    script, options = b'fetch("/data.json")', "?x=y"
    old = " ".join(
        f"{name}-{base64.b64encode(hashlib.new(name, script).digest()).decode()}{options}"
        for name in ("sha256", "sha384", "sha512")
    )
    site = {
        "index.html": f'<script src="a.js" integrity="{old} md5-abc"></script>',
        "a.js": script,
        "data.json": "{}",
    }
    tree = MemoryTree(dict(sorted(site.items())))
    revision = rev(tree, RevRules(), workers=1)
    after = published(tree, revision)
    body = after[new_names(revision)["a.js"]]
    assert body != script
    for name in ("sha256", "sha384", "sha512"):
        assert (
            f"{name}-{base64.b64encode(hashlib.new(name, body).digest()).decode()}?x=y".encode()
            in after["index.html"]
        )
    assert b"?x=y md5-abc" in after["index.html"]
    assert revision.problems == ()
    assert undone(tree, by_source(revision)["index.html"]) == site["index.html"].encode()  # type: ignore[union-attr]


def test_a_seal_that_was_wrong_before_is_told() -> None:
    revision = revved({"index.html": '<script src=a.js integrity="sha256-AAAA">', "a.js": "1"})
    assert revision.problems == (
        "an integrity of a.js was not that of its content, so browsers refused it; now it is",
    )


def test_missing_assets_break_a_site_and_missing_links_do_not() -> None:
    revision = revved(
        {"a/index.html": '\n<img src="../img/no.png?1"><a href=gone.html>x</a><img src="//cdn.example/x">'}
    )
    assert [(missing.line, missing.reference, missing.asset) for missing in revision.unresolved] == [
        (2, "../img/no.png?1", True),
        (2, "gone.html", False),
    ]
    assert [missing.reference for missing in broken(revision, RevRules())] == ["../img/no.png?1"]


@pytest.mark.parametrize("pattern", ["*", "*.png", "img/**", "/img/no.png"])
def test_the_owner_may_let_assets_be_missing(pattern: str) -> None:
    revision = revved({"index.html": '<img src="./img/no.png">'})
    assert broken(revision, RevRules(allow_missing=(pattern,))) == ()


def test_a_module_that_is_imported_and_missing_breaks_a_site() -> None:
    revision = revved({"index.html": "<script type=module src=a.js>", "a.js": '\nimport "./no.js"'})
    assert [(it.file, it.line, it.reference) for it in broken(revision, RevRules())] == [
        ("a.js", 2, "./no.js")
    ]


def test_a_file_that_a_script_loads_and_that_is_missing_is_told() -> None:
    script = '\nnew Worker(new URL("./no.js", import.meta.url))'
    revision = revved({"index.html": "<script type=module src=a.js>", "a.js": script})
    assert [(it.file, it.line, it.reference) for it in revision.unresolved] == [("a.js", 2, "./no.js")]


def test_a_scripts_strings_mean_what_they_mean_to_the_page_that_loads_it() -> None:
    site = {
        "app/index.html": "<script src=../js/x.js></script>",
        "js/x.js": 'show("pic.png")',
        "app/pic.png": "1",
    }
    assert new_names(revved(site))["app/pic.png"].removeprefix("app/") in text_of(site, "js/x.js")


def test_a_string_that_means_two_files_renames_neither() -> None:
    site = {
        "a/index.html": "<script src=/x.js></script>",
        "b/index.html": "<script src=/x.js></script>",
        "x.js": '\nshow("pic.png")',
        "a/pic.png": "1",
        "b/pic.png": "2",
    }
    revision = revved(site)
    assert new_names(revision).keys() == {"x.js"}
    assert text_of(site, "x.js") == site["x.js"]
    assert revision.problems[0].startswith("x.js, line 2: 'pic.png' is one file from here and another")


def test_an_import_map_is_followed_and_its_names_stay() -> None:
    site = {
        "index.html": '<script type=importmap>{"imports":{"lib":"/js/lib.js","kit/":"/js/kit/"}}</script>'
        "<script type=module src=/js/app.js></script>",
        "js/app.js": 'import "lib"; import "kit/a.js"; import "react";',
        "js/lib.js": "1",
        "js/kit/a.js": "2",
    }
    names = new_names(revved(site))
    assert f'"lib":"/{names["js/lib.js"]}","kit/":"/js/kit/"' in text_of(site, "index.html")
    script = text_of(site, "js/app.js")
    assert f'import "lib"; import "{names["js/kit/a.js"].removeprefix("js/")}"; import "react"' in script
    assert revved(site).unresolved == ()


def test_a_page_that_is_linked_by_a_pretty_address_keeps_its_name() -> None:
    site = {
        "index.html": '<a href="/about">a</a><a href="/more.html">m</a>',
        "about.html": "1",
        "more.html": "2",
    }
    assert new_names(revved(site, RevRules(rename_html=True))).keys() == {"more.html"}


def test_strings_that_a_script_puts_together_are_told() -> None:
    site = {
        "index.html": "<script src=a.js></script>",
        "a.js": '\n\nlet n = 1; show("img/" + n + ".png"); show(`/img/x${n}`); go("/" + n)',
        "img/x1.png": "1",
        "img/x2.png": "2",
        "img/y.png": "3",
    }
    assert [(it.file, it.line, it.text, it.files) for it in revved(site).doubtful] == [
        ("a.js", 3, "/img/x", 2),
        ("a.js", 3, "img/", 3),
    ]


def test_strings_that_are_names_of_properties_too_are_told() -> None:
    site = {
        "index.html": "<script src=a.js></script>",
        "a.js": 'sizes = {"x.png": 1, "img/y.png": 2}; show("x.png"); show("img/y.png"); show("no.png")',
        "x.png": "1",
        "img/y.png": "2",
    }
    assert [(it.text, it.files) for it in revved(site).doubtful] == [("img/y.png", 1), ("x.png", 1)]


def test_what_the_owner_keeps_is_named_as_before() -> None:
    site = {"index.html": '<img src="img/a.png"><img src="b.png">', "img/a.png": "1", "b.png": "2"}
    rules = RevRules(keep=("img/**",))
    assert new_names(revved(site, rules)).keys() == {"b.png"}
    assert '<img src="img/a.png">' in text_of(site, "index.html", rules)


def test_the_sites_own_absolute_addresses_are_followed() -> None:
    site = {
        "index.html": '<img src="https://me.example/a.png"><img src="https://you.example/a.png">',
        "a.png": "1",
    }
    name = new_names(revved(site))["a.png"]
    assert text_of(site, "index.html", RevRules(origin="https://me.example")) == (
        f'<img src="https://me.example/{name}"><img src="https://you.example/a.png">'
    )


def test_what_a_feed_or_a_sitemap_names_keeps_its_name() -> None:
    feed = """<rss><channel><item><enclosure url="https://example.com/audio/one%20two.mp3?x=1"/>
        <image><url>https://example.com/img/a.png</url></image>
        <description>&lt;img src=&quot;/img/b.png&quot;&gt;</description>
        <content:encoded><![CDATA[<img src='/img/c.png'> and /img/d]]></content:encoded>
        </item></channel></rss>"""
    site = {
        "feed.xml": feed,
        "index.html": '<img src="img/a.png"><img src="img/d.png">',
        "audio/one two.mp3": "sound",
        **{f"img/{name}.png": name for name in "abcd"},
    }
    assert list(new_names(revved(site))) == ["img/d.png"]
    assert list(new_names(revved(site | {"feed.xml": ""}))) != ["img/d.png"]


def test_files_of_rules_and_litter_are_not_published() -> None:
    revision = revved({"index.html": "", "_redirects": "/a /b", ".git/config": "", "a/.DS_Store": ""})
    assert [output.path for output in revision.outputs] == ["index.html"]


def test_a_page_in_utf_16_is_told() -> None:
    site = {"index.html": '<img src="a.png">', "x.js": 'show("a.png")', "x.css": "a{b:url(a.png)}"}
    revision = revved({**{path: text.encode("utf-16") for path, text in site.items()}, "a.png": "1"})
    assert [problem.split(" so ")[0] for problem in revision.problems] == [
        f"{path} is UTF-16," for path in sorted(site)
    ]


def test_a_name_that_stands_in_every_script_does_not_confuse() -> None:
    scripts = {f"js/{number}.js": f'let app = "app", x = "/app.js"; // {number}' for number in range(50)}
    site = {"index.html": "<script src=/app.js></script>", "app.js": "1", **scripts}
    names = new_names(revved(site))
    assert text_of(site, "js/7.js") == f'let app = "app", x = "/{names["app.js"]}"; // 7'
    changed = new_names(revved({**site, "app.js": "2"}))
    assert {path for path in names if names[path] != changed[path]} == names.keys()


def test_inputs_are_the_files_and_the_rules_and_nothing_else() -> None:
    def of(files: Mapping[str, str], rules: SiteRules = WHOLE) -> str:
        return inputs(digests(MemoryTree(files)), rules)

    site = {"a.html": "1", "b.css": "2"}
    same = of(site)
    assert of(dict(reversed(site.items()))) == same
    assert of({**site, ".git/x": "1"}) == same
    assert re.fullmatch("[0-9a-f]{64}", same)
    others = [
        of({**site, "a.html": "2"}),
        of({**site, "_redirects": "/x /y"}),
        of({"a.htm": "1", "b.css": "2"}),
        of(site, SiteRules(spa=True)),
    ]
    assert len({same, *others}) == 5
