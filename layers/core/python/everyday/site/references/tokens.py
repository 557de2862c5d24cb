"""The tokens of HTML and XML, as regular expressions over bytes.

HTML §13.2.5 (WHATWG): tags and attributes (§13.2.5.6 to §13.2.5.40), comments (§13.2.5.42 to §13.2.5.52), a
doctype and a bogus comment, which end at `>`, CDATA (§13.2.5.69), and what ends raw text (§13.2.5.9 to
§13.2.5.31), with the escapes of scripts. A tag that the file's end cuts is no tag. XML 1.0 §2.5 to §2.8, §3.1
differs in comments, processing instructions, and the doctype, which may hold declarations. Every expression
is possessive: nothing is read more than a few times, however it ends.
"""

import re

_END = rb"[ \t\n\f\r/>]"
_NAME = rb"(?:[^ \t\n\f\r/>=]++|=[^ \t\n\f\r/>=]*+)"
_VALUE = rb"=[ \t\n\f\r]*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+|(?=>))"
_ATTRIBUTE = rb"[ \t\n\f\r/]*+" + _NAME + rb"(?:[ \t\n\f\r]*+(?:" + _VALUE + rb"|(?![ \t\n\f\r=])|\Z))"
# Not before the attributes of `attributes.py`; all others are never looked at.
_NOT_NEEDED = (
    rb"(?![ \t\n\f\r/]*+(?i:src|href|xlink:|on|style|data(?!-[^ =>]*+=\"[^\"./&]*+\")|poster|action"
    rb"|formaction|background|manifest|cite|longdesc|imagesrcset|integrity|fill|stroke|filter|mask|clip-path"
    rb"|cursor|marker|srcdoc|[^ \t\n\f\r/>=:]++:href))"
)
_SPECIAL = (
    rb"(?:script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext|svg|math|foreignobject|base|meta"
    rb"|link)(?:[ \t\n\f\r/>]|\Z)"
)


def _dull_tag(prefix: bytes = b"") -> bytes:
    """A tag that tells nothing: in XML, names may have a prefix."""
    return (
        rb"<(?:/(?!(?i:svg|math|foreignobject)" + _END + rb")[a-zA-Z][^ \t\n\f\r/>]*+"
        rb"|(?!(?i:" + prefix + _SPECIAL + rb"))[a-zA-Z][^ \t\n\f\r/>]*+(?:" + _NOT_NEEDED + _ATTRIBUTE
        + rb")*+)[ \t\n\f\r/]*+>"
    )  # fmt: skip


_TAG = (
    rb"<(?P<close>/?)(?P<name>[a-zA-Z][^ \t\n\f\r/>]*+)(?P<attributes>(?:" + _ATTRIBUTE + rb")*+)"
    rb"[ \t\n\f\r]*+(?P<self>/?)[ \t\n\f\r/]*+>"
)
_UNCLOSED = rb"<[a-zA-Z/!?][\s\S]*+"
_HTML_COMMENT = rb"<!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>)?)"
_XML_COMMENT = rb"<!--(?:[^-]++|-(?!->))*+(?:-->)?"
_CDATA = rb"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?"
_BOGUS = rb"<(?:![^>]*+|\?[^>]*+|/[^a-zA-Z>][^>]*+|/(?=>))>?"
_QUOTED = rb"\"[^\"]*+\"?|'[^']*+'?"
_DOCTYPE = (
    rb"<![dD][^\[>\"']*+(?:(?:" + _QUOTED + rb")[^\[>\"']*+)*+(?:\[(?:[^\]\"'<]++|" + _QUOTED + rb"|"
    + _XML_COMMENT + rb"|<)*+\]?)?+[^>]*+>?"
)  # fmt: skip
_INSTRUCTION = rb"<\?(?!xml-stylesheet[ \t\n\r])(?:[^?]++|\?(?!>))*+(?:\?>)?"
_STYLESHEET = rb"<\?xml-stylesheet(?P<sheet>(?:[^?]++|\?(?!>))*+)(?:\?>)?"


def _token(skip: bytes, more: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:[^<]++|<(?![a-zA-Z/!?])|" + skip + rb")*+(?:" + _TAG + rb"|" + more + rb"\Z)")


HTML = _token(_HTML_COMMENT + rb"|" + _BOGUS + rb"|" + _dull_tag(), _UNCLOSED + rb"|")
FOREIGN = _token(_HTML_COMMENT + rb"|" + _CDATA + rb"|" + _BOGUS + rb"|" + _dull_tag(), _UNCLOSED + rb"|")
"""In `svg` and `math`, where CDATA is known."""
XML = _token(
    _XML_COMMENT
    + rb"|"
    + _CDATA
    + rb"|"
    + _DOCTYPE
    + rb"|"
    + _INSTRUCTION
    + rb"|"
    + _dull_tag(rb"(?:[^ \t\n\r/>:]++:)?+"),
    _STYLESHEET + rb"|" + _UNCLOSED + rb"|",
)
_NAMED = (
    rb"[ \t\n\f\r/]*+(?P<name>" + _NAME + rb")[ \t\n\f\r]*+(?:=[ \t\n\f\r]*+"
    rb"(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+))?+)?+"
)
ATTRIBUTE = re.compile(_NAMED)
"""One attribute of a tag that `HTML` or `XML` matched."""
NEEDED = re.compile(rb"(?:" + _NOT_NEEDED + _ATTRIBUTE + rb")*+(?:" + _NAMED + rb"|[\s\S]*+\Z)")
"""The next attribute that may hold an address; at the end, one without a name."""


def _raw_text(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:[^<]++|<(?!/(?i:" + name + rb")" + _END + rb"))*+")


_SCRIPT_END = rb"/(?i:script)" + _END
_ESCAPED = rb"[^<-]++|-(?!->)"
_TWICE_ESCAPED = (
    rb"<(?i:script)(?=" + _END + rb")(?:" + _ESCAPED + rb"|<(?!" + _SCRIPT_END + rb"))*+"
    rb"(?:</(?i:script)(?=" + _END + rb"))?"
)  # fmt: skip
_SCRIPT = re.compile(
    rb"(?:[^<]++|<(?!!--|" + _SCRIPT_END + rb")|<!(?=--)(?:" + _ESCAPED
    + rb"|<(?!/?(?i:script)" + _END + rb")|" + _TWICE_ESCAPED + rb")*+(?:-->)?)*+"
)  # fmt: skip
_RAW = {
    name: _raw_text(name)
    for name in (b"style", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes")
}
_REST = re.compile(rb"[\s\S]*+")


def _xml_text(name: bytes) -> re.Pattern[bytes]:
    end = rb"/(?:[^ \t\n\r/>:]*+:)?+(?i:" + name + rb")[ \t\n\r>]"
    return re.compile(rb"(?:[^<]++|" + _CDATA + rb"|" + _XML_COMMENT + rb"|<(?!" + end + rb"))*+")


_XML_RAW = {name: _xml_text(name) for name in (b"style", b"script")}
_MARKERS = re.compile(rb"<!\[CDATA\[|\]\]>")
_COMMENTS = re.compile(_XML_COMMENT)


def raw_text_end(content: bytes, start: int, element: bytes, *, xml: bool) -> int:
    """Where the text of a raw element ends that begins at `start`."""
    if xml:
        pattern = _XML_RAW[element]
    elif element == b"script":
        pattern = _SCRIPT
    else:
        pattern = _RAW.get(element, _REST)  # nothing ends `plaintext`
    return pattern.match(content, start).end()  # type: ignore[union-attr]  # it matches nothing too


def without_markers(text: bytes) -> bytes:
    """CDATA's markers as spaces, so that every other byte keeps its place."""
    return _MARKERS.sub(_spaces, text)


def without_comments(text: bytes) -> bytes:
    """Comments as spaces."""
    return _COMMENTS.sub(_spaces, text)


def _spaces(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])
