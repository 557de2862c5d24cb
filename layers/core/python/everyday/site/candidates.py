"""Whether a file can name any of the site's files at all, so that most are never parsed. Pure.

Each name is looked for by its longest run of characters that nobody has a reason to escape; all in one
pass. A file that escapes such characters all the same (`\\x6d`, `%6d`, `&#109;`) may hide any name, so the
answer is yes. A name may end in `/`, as a folder's does in an address; there only `\\/` counts as an escape.
"""

import re
from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick

_PLAIN = re.compile(r"[A-Za-z0-9._-]+/?")
_HEX = rb"(?:2[5dDeE]|3\d|[46][1-9a-fA-F]|[57][\daA]|5[fF])"
"""The codes of plain characters, and of `%`, which may begin another escape."""
_HIDING = re.compile(
    rb"""%%%(hex)b                                                  # of addresses
    |\\(?:x|u00|u\{0*)?%(hex)b | \\0{1,4}%(hex)b                    # of JavaScript, JSON and CSS
    |\\(?:0?45|0?5[56]|0?6[0-7]|0?7[01]|1[0-7][0-7])                     # octal
    |\\[\r\n] | \\\xe2\x80[\xa8\xa9]                                # a line goes on in the next one
    |&\#0*(?:37|4[5689]|5\d|6[5-9]|[78]\d|9[05789]|1[01]\d|12[0-2])(?!\d)
    |&\#[xX]0*%(hex)b | &(?:period|lowbar|UnderBar|fjlig);          # of HTML
    """
    % {b"hex": _HEX},
    re.VERBOSE,
)
_SIGNS = (b"\\", b"%", b"&")


class Candidates:
    """What any of some names is found by."""

    def __init__(self, names: Iterable[str]) -> None:
        runs = {max(_PLAIN.findall(name), key=len, default="") for name in names}
        self._always = "" in runs
        self._search = BytesAhoCorasick([run.encode() for run in sorted(runs - {""})])

    def any_in(self, content: bytes) -> bool:
        """Whether a parser may find one of the names in a file; no means that none can."""
        # `\.` and `\m` mean what they are without the backslash.
        plain = content.replace(b"\\", b"") if b"\\" in content else content
        if self._always or self._search.find_matches_as_indexes(plain):
            return True
        return any(sign in content for sign in _SIGNS) and _HIDING.search(content) is not None
