"""What a language's module finds in one file. Offsets count bytes of the file as it is."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """What a browser does with the string."""

    ASSET = 0
    """It fetches it as a part of the page: a picture, a script, a style sheet, a font."""
    LINK = 1
    """It goes there when somebody asks it to: a page, a download."""
    MODULE = 2
    """It imports it: `./x.js`, `/x.js`, an address, or a name that an import map knows."""
    TEXT = 3
    """Nobody knows: a string of a script, of JSON, of a `data-` attribute. It is a reference only if it names
    an existing file; else it is nothing."""


class Found(NamedTuple):
    """A string that may be a reference: decoded, with its query and fragment.

    Its raw form in the file (entities, CSS, JavaScript and JSON escapes; %xx stays as it is) begins at byte
    `start`. `offsets` is None when the raw form is the text's own UTF-8; else it holds the byte at which the
    raw form of each character of `text` begins, and at last the byte after all.
    """

    kind: Kind
    text: str
    start: int
    offsets: tuple[int, ...] | None = None

    def byte(self, index: int) -> int:
        """The byte of the file at which the raw form of `text[index]` begins; the end, for the length."""
        if self.offsets is not None:
            return self.offsets[index]
        return self.start + (index if self.text.isascii() else len(self.text[:index].encode()))


class Piece(NamedTuple):
    """A part of a script's string that is made when the script runs: `"img/"` of `"img/" + name + ".png"`."""

    text: str
    start: int


class Seal(NamedTuple):
    """An `integrity` attribute: `value` stands raw in the bytes from `start` to `end`, and is the digest of
    the file that `reference` names (an index into `Contents.found`)."""

    start: int
    end: int
    value: str
    reference: int


class Contents(NamedTuple):
    """Everything found in one file, in the order of its bytes; no two overlap.

    `pieces` are no references, but tell that a script makes some. `base` is the page's `<base href>`.
    `imports` are its import map: names, and prefixes that end in `/`, with the addresses that they stand for
    (those are in `found` too, as MODULE).
    """

    found: Sequence[Found]
    seals: Sequence[Seal] = ()
    base: str | None = None
    imports: Mapping[str, str] = {}
    pieces: Sequence[Piece] = ()


NOTHING = Contents(())
