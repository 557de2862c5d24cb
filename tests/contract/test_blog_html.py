"""What is left of `source=html`, compared as parsed trees: over the light blog and over Ghost.

`@` stands for the blog's own address in what is given and what is expected.
"""

# ruff: noqa: E501 - a case reads best as one piece of HTML

from collections.abc import Sequence

import pytest

from tests.contract.blogs import BlogUnderTest, problem, tree

PICTURE = "@/content/images/2026/01/a.jpg"
VIDEO = "@/content/media/2026/01/v.mp4"
SIZES = "(min-width: 720px) 720px"
EMPTY = (422, "ValidationError", None)


def srcset(*widths: int, own: int | None = None) -> str:
    """The sizes Ghost offers of a picture it hosts."""
    sized = [f"@/content/images/size/w{width}/2026/01/a.jpg {width}w" for width in widths]
    return ", ".join([*sized, *([f"{PICTURE} {own}w"] if own else [])])


def gallery(pictures: Sequence[str], rows: Sequence[int], *, caption: str = "") -> str:
    """A gallery card with so many pictures a row."""
    rest = list(pictures)
    html = ""
    for count in rows:
        cells = "".join(f'<div class="kg-gallery-image">{rest.pop(0)}</div>' for _ in range(count))
        html += f'<div class="kg-gallery-row">{cells}</div>'
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    names = "kg-card kg-gallery-card kg-width-wide" + (" kg-card-hascaption" if caption else "")
    return f'<figure class="{names}"><div class="kg-gallery-container">{html}</div>{told}</figure>'


def pictures(count: int) -> list[str]:
    return [
        f'<img src="{PICTURE}" width="500" height="{number}" alt="n{number}">'
        for number in range(1, count + 1)
    ]


def lazy(images: list[str]) -> list[str]:
    return [image.replace(" alt=", ' loading="lazy" alt=') for image in images]


KEPT = {
    "paragraphs": "<p>a</p><p>b</p>",
    "formats": "<p>a <strong>b</strong> <em>c</em> <code>d</code> <u>e</u> <s>f</s> <sub>g</sub><sup>h</sup></p>",
    "nested formats": "<p><strong>a<em>b</em></strong></p>",
    "line breaks": "<p>a<br>b<br><br>c<br></p>",
    "a link": '<p><a href="https://e.com/x?a=1&amp;b=2" rel="nofollow">l<strong>b</strong></a> and <a href="#x">h</a></p>',
    "entities": "<p>&lt;script&gt; &amp; &amp;amp; \" ' &nbsp; é 👨‍👩‍👧 \u202e\u200d</p>",
    "lists": '<ul><li>a</li><li>b <strong>c</strong><ul><li>d</li></ul></li></ul><ol start="3"><li>e</li></ol>',
    "quotation": "<blockquote>a<br>b</blockquote>",
    "code": "<pre><code>a  b\nc &lt;</code></pre>",
    "rule": "<p>a</p><hr><p>b</p>",
    "empty paragraph between": "<p>a</p><p></p><p>b</p>",
    "html card": "<p>a</p><!--kg-card-begin: html--><div class='x' data-y='1'><script>1</script><!-- c --></div>"
    "<!--kg-card-end: html--><p>b</p>",
    "html card alone": "<!--kg-card-begin: html--><b>x</b><!--kg-card-end: html-->",
    "frame": '<figure class="kg-card kg-embed-card"><iframe src="https://www.youtube.com/embed/a" width="1"></iframe></figure>',
}

CHANGED = {
    "bold and italic": ("<p><b>a</b> <i>b</i></p>", "<p><strong>a</strong> <em>b</em></p>"),
    "white space": ("<p>  a   b\n\n c\td </p>\n\n<p>e</p>", "<p>a b c d</p><p>e</p>"),
    "white space at formats": ("<p>a <b> b </b> c <i></i> d</p>", "<p>a <strong>b </strong>c d</p>"),
    "white space at breaks": ("<p>one <br/>\n two</p>", "<p>one<br>two</p>"),
    "no break space": ("<p>&nbsp;a&nbsp; b</p>", "<p>&nbsp;a&nbsp; b</p>"),
    "NUL": ("<p>a\x00b</p>", "<p>ab</p>"),
    "bare text": ("a <b>b</b><br>c<p>d</p>e", "<p>a <strong>b</strong><br>c</p><p>d</p><p>e</p>"),
    "unclosed": ("<p>a<b>b<p>c", "<p>a<strong>b</strong></p><p><strong>c</strong></p>"),
    "attributes": (
        '<div class="x" data-a="1"><p class="y" id="z" dir="rtl" onclick="x()">a</p></div>',
        "<p>a</p>",
    ),
    "unknown tags": ("<p><small>a</small><q>b</q><mark>c</mark><span>d</span></p>", "<p>abcd</p>"),
    "blocks without a name": ("<section><div>a</div><div>b</div></section>", "<p>ab</p>"),
    "script": ("<p>a</p><script>1</script><p>b<script>2</script></p>", "<p>a</p><p>b</p>"),
    "style, drawing, sound": (
        "<style>p{}</style><svg><circle/></svg><audio src=a></audio><p>x</p>",
        "<p>x</p>",
    ),
    "comment": ("<p>a<!-- c -->b</p><!-- d -->", "<p>ab</p>"),
    "form": ("<form><input value=1><button>b</button></form><p>x</p>", "<p>b</p><p>x</p>"),
    "bare video": (f'<p>a</p><video src="{VIDEO}"></video>', "<p>a</p>"),
    "Instagram's quotation": (
        '<blockquote class="instagram-media" data-x="1"><a href="https://e.com">v</a></blockquote><script src=x></script>',
        '<blockquote><a href="https://e.com">v</a></blockquote>',
    ),
    "paragraphs in a quotation": (
        "<blockquote><p>a</p><p>b</p></blockquote>",
        "<blockquote>a<br><br>b</blockquote>",
    ),
    "paragraph in an item": ("<ul>\n<li><p>a</p></li>\n</ul>tail", "<ul><li>a</li></ul><p>tail</p>"),
    "headings": (
        "<h2>Two &amp; three!</h2><h3>日本</h3><h2>Two &amp; three!</h2>",
        '<h2 id="two-three">Two &amp; three!</h2><h3 id="%E6%97%A5%E6%9C%AC">日本</h3>'
        '<h2 id="two-three-1">Two &amp; three!</h2>',
    ),
    "links": (
        '<p><a href="/x" class="y" target="_blank" title="t">a</a><a href="//x.y/z">b</a><a>c</a></p>',
        '<p><a href="@/x">a</a><a href="//x.y/z">b</a><a>c</a></p>',
    ),
    "empty paragraph at the end": ("<p>x</p><p> </p>", "<p>x</p>"),
    "break between paragraphs": ("<p>x</p><br><p>y</p>", "<p>x</p><p></p><p>y</p>"),
    "unended html card": ("<!--kg-card-begin: html--><p>1</p>", "<p>1</p>"),
    "addresses in an html card": (
        '<!--kg-card-begin: html--><img src="/a.jpg"><!--kg-card-end: html-->',
        '<!--kg-card-begin: html--><img src="@/a.jpg"><!--kg-card-end: html-->',
    ),
    "table": (
        "<table><tr><td>a</td></tr></table>",
        "<!--kg-card-begin: html--><table><tbody><tr><td>a</td></tr></tbody></table><!--kg-card-end: html-->",
    ),
    "bare picture": (
        '<img src="https://e.com/a.jpg" alt="A &quot;b&quot; &lt;c&gt;">',
        '<figure class="kg-card kg-image-card"><img src="https://e.com/a.jpg" class="kg-image" '
        'alt="A &quot;b&quot; &lt;c&gt;" loading="lazy"></figure>',
    ),
    "picture in a paragraph": (
        '<p>a<img src="https://e.com/a.jpg">b</p>',
        '<p>a</p><figure class="kg-card kg-image-card"><img src="https://e.com/a.jpg" class="kg-image" alt="" '
        'loading="lazy"></figure><p>b</p>',
    ),
    "picture in a link": ('<p>x</p><p><a href="https://e.com"><img src="/a.jpg"></a></p>', "<p>x</p>"),
    "picture with a caption": (
        '<figure class="kg-card kg-image-card kg-width-wide"><img src="https://e.com/a.jpg" alt="x" title="T" '
        'width="10" height="20"><figcaption>A &lt;i&gt; <b>b</b></figcaption></figure>',
        '<figure class="kg-card kg-image-card kg-width-wide kg-card-hascaption"><img src="https://e.com/a.jpg" '
        'class="kg-image" alt="x" title="T" loading="lazy" width="10" height="20">'
        "<figcaption>A &lt;i&gt; <b>b</b></figcaption></figure>",
    ),
    "picture of the blog": (
        f'<figure class="kg-card kg-image-card"><img src="{PICTURE}" alt="x" width="1080" height="720"></figure>',
        f'<figure class="kg-card kg-image-card"><img src="{PICTURE}" class="kg-image" alt="x" loading="lazy" '
        f'width="1080" height="720" srcset="{srcset(600, 1000, own=1080)}" sizes="{SIZES}"></figure>',
    ),
    "relative picture of the blog": (
        '<figure class="kg-card kg-image-card"><img src="/content/images/2026/01/a.jpg" width="700" height="9"></figure>',
        f'<figure class="kg-card kg-image-card"><img src="{PICTURE}" class="kg-image" alt="" loading="lazy" '
        f'width="700" height="9" srcset="{srcset(600, own=700)}"></figure>',
    ),
    "wide picture of the blog": (
        f'<img src="{PICTURE}" alt="x" width="3000" height="2000">',
        f'<figure class="kg-card kg-image-card"><img src="{PICTURE}" class="kg-image" alt="x" loading="lazy" '
        f'width="2000" height="1333" srcset="{srcset(600, 1000, 1600, 2400)}" sizes="{SIZES}"></figure>',
    ),
    **{
        f"gallery of {count}": (gallery(pictures(count), (count,)), gallery(lazy(pictures(count)), rows))
        for count, rows in {
            1: [1],
            2: [2],
            3: [3],
            4: [2, 2],
            5: [3, 2],
            7: [3, 2, 2],
            10: [3, 3, 2, 2],
        }.items()
    },
    "gallery of the blog with a caption": (
        gallery([f'<img src="{PICTURE}" width="1080" height="9">'], (1,), caption="A <b>b</b><br>c"),
        gallery(
            [
                f'<img src="{PICTURE}" width="1080" height="9" loading="lazy" alt="" '
                f'srcset="{srcset(600, 1000, own=1080)}" sizes="{SIZES}">'
            ],
            (1,),
            caption="A <b>b</b> c",
        ),
    ),
    "video": (
        f'<figure class="kg-card kg-video-card" data-kg-thumbnail="{PICTURE}"><div class="kg-video-container">'
        f'<video src="{VIDEO}" poster="/p.jpg" width="720" height="1280"></video></div>'
        "<figcaption>C &amp; d</figcaption></figure>",
        f'<figure class="kg-card kg-video-card kg-width-regular kg-card-hascaption" data-kg-thumbnail="{PICTURE}" '
        f'data-kg-custom-thumbnail=""><video src="{VIDEO}" width="720" height="1280"></video>'
        "<figcaption>C &amp; d</figcaption></figure>",
    ),
}

NOTHING_SHOWN = {
    "nothing": "",
    "an empty paragraph": "<p></p>",
    "a break": "<p><br></p>",
    "a linked picture": f'<a href="https://e.com"><img src="{PICTURE}"></a>',
    "a gallery without sizes": gallery([f'<img src="{PICTURE}">'], (1,)),
    "a dropped video and a paragraph": "<video src=x></video><p></p>",
}

NOTHING_LEFT = {
    "white space": " ",
    "a script": "<script>1</script>",
    "a comment": "<!-- c -->",
    "a video": f'<video src="{VIDEO}"></video>',
    "a video card without container": f'<figure class="kg-card kg-video-card" data-kg-thumbnail="{PICTURE}">'
    f'<video src="{VIDEO}" width="1" height="1"></video></figure>',
    "a video card without address": '<figure class="kg-card kg-video-card"><div class="kg-video-container">'
    '<video width="1" height="1"></video></div></figure>',
}


def shown(blog: BlogUnderTest, html: str) -> str | None:
    found: str | None = blog.created(html=html.replace("@", blog.url))["html"]
    return found


@pytest.mark.parametrize("name", KEPT)
def test_html_is_kept(blog: BlogUnderTest, name: str) -> None:
    given = KEPT[name].replace("@", blog.url)

    assert tree(shown(blog, given)) == tree(given)


@pytest.mark.parametrize("name", CHANGED)
def test_html_is_changed(blog: BlogUnderTest, name: str) -> None:
    given, expected = CHANGED[name]

    assert tree(shown(blog, given)) == tree(expected.replace("@", blog.url))


@pytest.mark.parametrize("name", NOTHING_SHOWN)
def test_a_post_may_show_nothing(blog: BlogUnderTest, name: str) -> None:
    assert shown(blog, NOTHING_SHOWN[name]) is None


@pytest.mark.parametrize("name", NOTHING_LEFT)
def test_html_of_which_nothing_is_left_is_refused(blog: BlogUnderTest, name: str) -> None:
    assert problem(blog.post(html=NOTHING_LEFT[name].replace("@", blog.url))) == EMPTY


def test_the_words_of_a_post_are_its_excerpt(blog: BlogUnderTest) -> None:
    post = blog.created(html="<p>Hello <b>you</b><br>there</p><p>two &amp; " + "x" * 600 + "</p>")

    assert post["excerpt"] == ("Hello you\nthere\n\ntwo & " + "x" * 600)[:500]
    assert blog.created(html="<p>x</p>", custom_excerpt="Mine")["excerpt"] == "Mine"
