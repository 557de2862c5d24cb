"""What a caption says: clean text, a title, hashtags and mentions. All functions here are pure.

A caption is text, whatever it looks like. Lengths are in characters (code points), as Ghost counts them.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from everyday.photos.model import MediaType, Medium

TITLE_LIMIT = 255
EXCERPT_LIMIT = 300
TAG_LIMIT = 191
ALT_LIMIT = 191

_NEWLINES = re.compile("\r\n?|[\x85\u2028\u2029]")
# LRE RLE PDF LRO RLO and LRI RLI FSI PDI. The marks LRM, RLM and ALM stay: they cannot reach other text.
_BIDI = "\u202a-\u202e\u2066-\u2069"
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufeff"
    + _BIDI
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_EDGE = " \u2800\u3164"  # characters that look empty and are used to push text down
_MENTION = re.compile(r"(?<![\w@./])@([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)(?!\w|\.\w)")
_NAME_LIMIT = 30
_HASHTAG = re.compile("[#\uff03]")
_LOOSE_ENDS = " -–—|·•,:"
_KINDS = {MediaType.IMAGE: "Photo", MediaType.VIDEO: "Video", MediaType.CAROUSEL_ALBUM: "Photos"}


def clean(text: str) -> str:
    """The caption as it may be shown. Cleaning twice changes nothing.

    - Every line break becomes a newline; more than one empty line becomes one; lines lose outer spaces.
    - NUL, other control characters, byte order marks and noncharacters go: HTML and XML cannot hold them.
      A tab becomes a space.
    - Lone halves of a surrogate pair become U+FFFD, because UTF-8 cannot hold them; two halves are joined.
    - Bidirectional overrides, embeddings and isolates go: they would reorder text around the caption (a
      list of titles, a feed) and make words read as others. Right-to-left text needs none of them. Joiners
      stay, since emoji, Persian and Hindi words are built with them.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    fit = _UNFIT.sub("", _NEWLINES.sub("\n", whole).replace("\t", " "))
    lines = "\n".join(line.strip() for line in fit.split("\n"))
    return re.sub("\n{3,}", "\n\n", lines).strip()


def title(caption: str, medium: Medium) -> str:
    """One line of 1 to 255 characters: the first line that says more than hashtags, without those at its
    end; else what the medium is and its day, such as «Photo, 1 May 2024»."""
    said = (_headline(line) for line in clean(caption).split("\n"))
    taken = medium.taken_at
    fallback = f"{_KINDS[medium.media_type]}, {taken.day} {taken:%B %Y}"
    return cut(next(filter(None, said), fallback), TITLE_LIMIT)


def excerpt(caption: str) -> str | None:
    """The caption on one line of at most 300 characters, without the hashtags at its end; None if empty."""
    said = _without_last_hashtags(" ".join(clean(caption).split()))
    return cut(said, EXCERPT_LIMIT) or None


def hashtags(caption: str) -> tuple[str, ...]:
    """The caption's hashtags as tag names, without `#`, NFC and in lower case, each once, in order.

    `#one#two` is two. A tag is letters of any script, marks, digits and `_`, with at least one letter; an
    emoji ends it, because Ghost makes the same slug of `sun` and `sun☀` and would number the second one.
    """
    names = (unicodedata.normalize("NFC", tag.name.lower())[:TAG_LIMIT] for tag in _hashtags(clean(caption)))
    return tuple(dict.fromkeys(names))


def mentions(line: str) -> Iterator[tuple[str, str | None]]:
    """The line in pieces, in order and complete: plain text with None, and `@name` with its name.

    Instagram's names are ASCII letters, digits, `_` and single inner dots, at most 30 characters; an
    address such as me@example.org is not a mention.
    """
    done = 0
    for found in _MENTION.finditer(line):
        if len(found[1]) <= _NAME_LIMIT:
            if found.start() > done:
                yield line[done : found.start()], None
            yield found[0], found[1].lower()
            done = found.end()
    if done < len(line):
        yield line[done:], None


def slug(medium_id: str) -> str:
    """The post's slug, made of the medium's identity: Ghost lower-cases slugs, so Instagram's
    case-sensitive short codes could collide, and a title may change."""
    from slugify import slugify

    return slugify(f"ig-{medium_id}")


def cut(text: str, limit: int) -> str:
    """The text if it fits, else as much as does, at a word's end if one is near, with an ellipsis.

    What a reader sees as one character (an emoji family, a flag, a letter with marks) is kept whole.
    """
    if len(text) <= limit:
        return text
    end = next((at for at in range(limit - 1, limit // 2, -1) if not _joined(text, at)), limit - 1)
    space = text.rfind(" ", end - limit // 6, end + 1)
    return text[: space if space > 0 else end].rstrip(_LOOSE_ENDS) + "…"


class _Hashtag(NamedTuple):
    start: int
    end: int
    name: str


def _hashtags(text: str) -> Iterator[_Hashtag]:
    end = -1
    for found in _HASHTAG.finditer(text):
        before = text[found.start() - 1] if found.start() else " "
        if found.start() != end and (before in "&_/" or before.isalnum()):
            continue  # `&#39;`, `C#minor` and `page/#part` are no hashtags, but `#one#two` is two
        name = "".join(takewhile(_in_tag, text[found.end() :])).rstrip("\u200c\u200d")
        if any(char.isalpha() for char in name):
            end = found.end() + len(name)
            yield _Hashtag(found.start(), end, name)


def _in_tag(char: str) -> bool:
    if char in "\ufe0e\ufe0f\u20e3":  # marks by category, but they make an emoji of what they follow
        return False
    return unicodedata.category(char)[0] in "LMN" or char in "_\u200c\u200d"


def _headline(line: str) -> str:
    line = " ".join(line.strip(_EDGE).split())
    said = _without_last_hashtags(line)
    return said if any(unicodedata.category(char)[0] in "LNSP" for char in said) else ""


def _without_last_hashtags(line: str) -> str:
    end = len(line)
    for tag in reversed(list(_hashtags(line))):
        if line[tag.end : end].strip(_EDGE):
            break
        end = tag.start
    return line if end == len(line) else line[:end].rstrip(_LOOSE_ENDS + _EDGE)


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after `at` are seen as one (Unicode's UAX 29, its common cases)."""
    before, after = text[at - 1], text[at]
    if before == "\u200d" or after == "\u200d" or unicodedata.category(after)[0] == "M":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # skin tones; the letters of a subdivision's flag
    if _flag(after):
        return len(list(takewhile(_flag, reversed(text[:at])))) % 2 == 1
    return "\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff"


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
