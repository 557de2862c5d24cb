"""A caption is text: whatever it holds, the post's DOM has our elements only and the caption as its text."""

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from everyday.errors import BlogRejected
from everyday.photos.captions import clean
from everyday.photos.model import MediaType
from everyday.photos.ports import Draft
from everyday.photos.render import Film, Picture, Style, marker, render
from tests.builders import NOW, a_medium

XHTML = "{http://www.w3.org/1999/xhtml}"
BLOG = "https://blog.example/content/images/2026/05/ig-1-1.jpg"
ALLOWED = {
    "p": set(),
    "br": set(),
    "a": {"href"},
    "figure": {"class", "data-kg-thumbnail"},
    "figcaption": set(),
    "div": {"class"},
    "span": {"class"},
    "img": {"src", "class", "alt", "width", "height"},
    "video": {"src", "width", "height"},
}
CLASSES = re.compile(r"kg-[a-z-]+( kg-[a-z-]+)*")
HOSTS = {
    "href": {"www.instagram.com", "instagram.com"},
    "src": {"blog.example"},
    "data-kg-thumbnail": {"blog.example"},
}

SCRIPTS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script>alert(1)",
    "</script><script>alert(1)</script>",
    "<<script>script>alert(1)<</script>/script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<img/src='x'/onerror='alert(1)'>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data='data:text/html,<script>alert(1)</script>'>",
    "<embed src='javascript:alert(1)'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href=//evil.example>x</a>",
    "<body onload=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href='//evil.example/'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style><!--</style><script>alert(1)//--></script>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<plaintext>",
    "<xmp><script>alert(1)</script></xmp>",
    "<title><script>alert(1)</script></title>",
    "<frameset onload=alert(1)>",
    "<isindex action=javascript:alert(1)>",
    "<?xml version='1.0'?><x/>",
    "<?php echo 1 ?>",
    "<!DOCTYPE html><html><head></head></html>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
]
BREAKOUTS = [
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "` onmouseover=alert(1)",
    '"/><img src=x onerror=alert(1)>',
    "</p><script>alert(1)</script><p>",
    "</a></p></div></figure><script>alert(1)</script>",
    "</figure><script>",
    "</title></head><body onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</noscript><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "-->",
    "--!><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "<!--",
    "<!-->",
    "<!--><script>alert(1)</script>-->",
    "<!-- everyday instagram:1 rev:000000000000 -->",
]
CARDS = [
    "<!--kg-card-begin: html--><script>alert(1)</script><!--kg-card-end: html-->",
    "<!--kg-card-begin: html-->",
    "<!--kg-card-end: html-->",
    "<!--kg-card-begin: markdown--># x<!--kg-card-end: markdown-->",
    "<!--members-only-->",
    "<figure class='kg-card kg-embed-card'><iframe src='//evil.example'></iframe></figure>",
    "<figure class='kg-card kg-video-card'>"
    "<div class='kg-video-container'><video src='//evil.example'></video></div></figure>",
    '{"root":{"children":[{"type":"html","html":"<script>alert(1)</script>"}]}}',
    "{{content}} {{{html}}} {{@site.title}} {{#foreach posts}}",
    "__GHOST_URL__/x",
    '%%{uuid}%% {name, "there"}',
]
ENTITIES = [
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;script&#x3e;",
    "&#x3cscript&#x3e",
    "&ltscript&gtalert(1)",
    "&amp;lt;script&amp;gt;",
    "&amp;amp;",
    "&",
    "&&&;;",
    "&#0;&#x0;&#xD800;&#x110000;&#128;",
    "&nbsp;&zwj;&rlm;&NotEqualTilde;&notit;",
    "fish & chips < 5 > 3 \"quoted\" 'single'",
    "5 < 6 and 7 > 2",
    "a<b",
    "<3",
    "<-- arrow -->",
    "AT&T",
    "&copy=1&para=2&lang=en",
]
MARKDOWN = [
    "# heading",
    "**bold** _it_ `code` ~~gone~~",
    "[x](javascript:alert(1))",
    "![x](x onerror=alert(1))",
    "```html\n<script>alert(1)</script>\n```",
    "> quote\n> more",
    "- one\n- two\n\n1. three",
    "---",
    "| a | b |\n|---|---|\n| <script> | x |",
    "<https://evil.example>",
    "https://evil.example/?a=1&b=<script>",
    "javascript:alert(1)",
]
UNICODE = [
    "\u202egnp.exe\u202c",
    "\u202d\u202e\u202a\u202b\u202c",
    "\u2066\u2067\u2068\u2069 isolates",
    "\u200f\u200e\u061c marks",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd #\u05e9\u05e7\u05d9\u05e2\u05d4",
    "\u0645\u0631\u062d\u0628\u0627 <script>alert(1)</script> #\u063a\u0631\u0648\u0628",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 100,
    "\U0001f1e9\U0001f1ea" * 300,
    "e\u0301" * 300,
    "Z\u0351\u036b\u0343\u036a\u0302\u036b" * 60,
    "\u0301" * 500,
    "\0",
    "a\0b\0c",
    "\ud800",
    "\udfff\ud800",
    "\ud83d\ude00 joined halves",
    "\ud83d <script>",
    "\ufeff\ufffe\uffff\ufdd0",
    "\U0001fffe\U0010ffff",
    "\x01\x02\x1b[31mred\x1b[0m\x7f",
    "\x80\x85\x9f",
    "line\u2028separator\u2029paragraph",
    "a\rb\r\nc\n\rd",
    "a\x0bb\x0cc\x1cd\x1ee",
    "\t tab \t",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u2039script\u203a \u02c2img\u02c3",
    "\u0130\u0131\u017f\u212a#\u0130STANBUL",
    "\u2800\n\u2800\nblank braille",
    "\u3164\uffa0\u115f",
    "\U000e0001\U000e0041 tags",
    "\ue000 private \U000f0000",
    "#\u65e5\u672c\u8a9e #caf\u00e9 #cafe\u0301",
]
SHAPES = [
    "",
    " ",
    "\n\n\n",
    ".\n.\n.\n",
    "#",
    "##",
    "#one#two#three",
    "#one #two",
    "#1 #2024",
    "@",
    "@@@",
    "@a.b.c @a..b @.a. @a",
    "@<script>alert(1)</script>",
    '@name"onmouseover="alert(1)',
    "#<script>alert(1)</script>",
    '#tag"onmouseover="alert(1)',
    "@javascript:alert(1)",
    "@../../etc/passwd",
    "me@example.org",
    "@" + "a" * 31,
    "@" + "a" * 30,
    "x" * 2200,
    "word " * 440,
    "<" * 2200,
    "&" * 2200,
    '"' * 2200,
    "<b>" * 733,
    "\n" * 2200,
    "a\n" * 1100,
    "#t" * 1100,
    "@u " * 733,
    "\U0001f600" * 2200,
    "\U0001f600" * 256,
]
SEEDS = SCRIPTS + BREAKOUTS + CARDS + ENTITIES + MARKDOWN + UNICODE + SHAPES
HOSTILE = SEEDS + [f"Sunset {seed} with @friend #one\n\nsecond{seed}" for seed in SEEDS]


def rendered(caption: str, *, alt: str = "") -> Draft:
    picture = Picture(BLOG, 8, 6, alt)
    film = Film("https://blog.example/content/media/1.mp4", 8, 6, 15, picture)
    medium = a_medium(caption=caption, media_type=MediaType.CAROUSEL_ALBUM)
    still = picture._replace(still=True)
    return render(medium, [picture, picture, film, still], Style(tags=["Photos"]), now=NOW)


def dom(html: str) -> Any:
    return html5lib.parseFragment(html, treebuilder="lxml", container="div")


def elements(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        assert not isinstance(node, str), f"text outside every element: {node!r}"
        yield from node.iter()


def text_of(paragraph: Any) -> str:
    def said(node: Any) -> Iterator[str]:
        yield "\n" if node.tag == f"{XHTML}br" else node.text or ""
        for child in node:
            yield from said(child)
            yield child.tail or ""

    return "".join(said(paragraph))


def assert_only_ours(nodes: Any) -> None:
    for element in elements(nodes):
        assert isinstance(element.tag, str), "a comment or a processing instruction"
        name = element.tag.removeprefix(XHTML)
        assert name in ALLOWED
        for attribute, value in element.attrib.items():
            assert attribute in ALLOWED[name]
            if attribute == "class":
                assert CLASSES.fullmatch(value)
            if attribute in HOSTS:
                address = urlsplit(value)
                assert (address.scheme, address.username, address.port) == ("https", None, None)
                assert address.hostname in HOSTS[attribute]
            if attribute in {"width", "height"}:
                assert value.isdigit()


def assert_text_only(caption: str) -> None:
    draft = rendered(caption, alt=caption)
    nodes = dom(draft.html)
    assert_only_ours(nodes)
    paragraphs = [node for node in nodes if node.tag == f"{XHTML}p"]
    said = "\n\n".join(text_of(node) for node in paragraphs[:-1])
    assert said == clean(caption)
    assert text_of(paragraphs[-1]) == "View on Instagram"
    assert [node.tag.removeprefix(XHTML) for node in nodes][:3] == ["figure"] * 3
    assert nodes[0].find(f".//{XHTML}img").get("alt") == " ".join(clean(caption).split())
    assert_stable(draft.html, nodes)
    assert_fields(draft)


def assert_stable(html: str, nodes: Any) -> None:
    """Parsing what a browser would write gives the same again: nothing mutates into markup."""
    again = "".join(lxml_html.tostring(_plain(node), encoding="unicode", with_tail=False) for node in nodes)
    assert_only_ours(dom(again))
    assert [it.tag for it in elements(dom(again))] == [it.tag for it in elements(nodes)]
    legacy = lxml_html.fragments_fromstring(html)
    assert {it.tag for node in legacy for it in node.iter()} <= ALLOWED.keys()


def _plain(node: Any) -> Any:
    copy = lxml_html.Element(node.tag.removeprefix(XHTML), dict(node.attrib))
    copy.text = node.text
    for child in node:
        plain = _plain(child)
        plain.tail = child.tail
        copy.append(plain)
    return copy


def assert_fields(draft: Draft) -> None:
    assert 1 <= len(draft.title) <= 255
    assert len(draft.title.splitlines()) == 1
    assert draft.title == draft.title.strip()
    assert len(draft.custom_excerpt or "") <= 300
    assert len(draft.feature_image_alt or "") <= 191
    assert all(1 <= len(tag) <= 191 and tag == tag.strip() for tag in draft.tags)
    assert all(not tag.startswith("#") for tag in draft.tags[:-1])
    assert (draft.tags[0], draft.tags[-1]) == ("Photos", "#instagram")
    assert len({tag.casefold() for tag in draft.tags}) == len(draft.tags)
    assert re.fullmatch(r"<!-- everyday instagram:17900000000000001 rev:[0-9a-f]{12} -->", draft.foot)
    for value in (draft.title, draft.html, draft.custom_excerpt or "", *draft.tags):
        value.encode("utf-8")
        assert not re.search("[\0\u202a-\u202e\u2066-\u2069]", value)


def test_there_are_enough_hostile_captions() -> None:
    assert len(set(HOSTILE)) >= 300


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_caption_stays_text(number: int) -> None:
    assert_text_only(HOSTILE[number])


PIECES = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(alphabet="<>&\"'`=/-!#@;:.\n\r\t\0 \u202eabZ\ud800\udc00\u200d\u0301\ufe0f", max_size=40),
    st.sampled_from(SEEDS[: len(SCRIPTS + BREAKOUTS + CARDS + ENTITIES)]),
)


@settings(max_examples=int(os.environ.get("MARKUP_EXAMPLES", "1000")), deadline=None)
@given(st.lists(PIECES, max_size=6).map("".join))
@example("")
def test_any_caption_stays_text(caption: str) -> None:
    assert_text_only(caption)


@pytest.mark.parametrize(
    "permalink",
    [
        "javascript:alert(1)",
        "http://www.instagram.com/p/x/",
        "https://evil.example/p/x/",
        "https://www.instagram.com.evil.example/",
        "https://www.instagram.com@evil.example/",
        "https://evil.example/https://www.instagram.com/p/x/",
        "//www.instagram.com/p/x/",
        'https://www.instagram.com/"onmouseover="alert(1)/',
        "https://www.instagram.com/p/<script>/",
        "https://www.instagram.com:8443/p/x/",
        " https://www.instagram.com/p/x/",
        "https://www.instagram.com/p/x/\n<script>",
        "https://[",
        "",
        None,
    ],
)
def test_a_hostile_permalink_is_left_out(permalink: str | None) -> None:
    draft = render(a_medium(permalink=permalink), [Picture(BLOG)], Style(), now=NOW)
    assert draft.canonical_url is None
    assert "View on Instagram" not in draft.html
    assert_only_ours(dom(draft.html))


def test_a_permalink_loses_its_query() -> None:
    medium = a_medium(permalink="https://www.instagram.com/p/AbC_1-x/?igsh=<script>#x")
    draft = render(medium, [Picture(BLOG)], Style(), now=NOW)
    assert draft.canonical_url == "https://www.instagram.com/p/AbC_1-x/"


@pytest.mark.parametrize(
    "medium_id", ["1 --><script>", "1--", "-1", "1-", "a--b", "", "1\n2", "1 2", "../1", "\u0661"]
)
def test_an_id_that_could_end_the_marker_is_refused(medium_id: str) -> None:
    with pytest.raises(BlogRejected):
        marker(medium_id)
