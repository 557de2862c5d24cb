"""Which file of the site a reference leads to, and where in it the hash of that file's new name goes. Pure.

place = resolver.place("blog/index.html", base=contents.base, imports=contents.imports)
answer = resolver.resolve(found, place)
if answer.path and answer.at is not None:
    insert at found.byte(answer.at)
"""

import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from everyday.site import urls
from everyday.site.importmap import ImportMap, mapped, read_map
from everyday.site.names import insertion
from everyday.site.references.found import Found, Kind


class Outcome(Enum):
    """What became of a reference."""

    FILE = "it leads to a file of the site"
    MISSING = "it leads to a file that the site does not have"
    AMBIGUOUS = "it leads to one file from here, and to another from there"
    ELSEWHERE = "it is no reference to a file of the site"


class Answer(NamedTuple):
    """Where a reference leads. `path`: the file, or the one that is missing. `at`: where in the reference's
    text the hash of the file's new name goes; None: that name does not stand there, such as in the address of
    a folder, and a reference like this cannot follow its file to a new name."""

    outcome: Outcome
    path: str | None = None
    at: int | None = None


ELSEWHERE = Answer(Outcome.ELSEWHERE)


class Place(NamedTuple):
    """Where references stand. `folder`: what relative ones begin from, ending in `/`, or empty for the root;
    None on another site (by a `<base href>`). `folders`: what a text may begin from besides. `maps`: the
    import maps that may be in force."""

    folder: str | None
    folders: tuple[str, ...] = ()
    maps: tuple[ImportMap, ...] = ()


class Resolver:
    """The files of one site. It remembers what it was asked, so ask one for a whole site."""

    def __init__(self, paths: Collection[str], origin: str | None = None) -> None:
        self._paths = frozenset(paths)
        self._site = urls.origin(origin) if origin else urls.HERE
        self._known: dict[tuple[str | None, str], Answer] = {}

    def place(
        self,
        file: str,
        *,
        base: str | None = None,
        imports: Mapping[str, str] | None = None,
        pages: Iterable[Place] = (),
    ) -> Place:
        """Where the references of a file stand. `base`, `imports`: the file's own, for a page. `pages`: the
        places of the pages that load the file, for a script: what its strings are relative to, and whose
        import maps it obeys."""
        folder = self._base(file[: file.rfind("/") + 1], base)
        pages = tuple(pages)
        own = (read_map(imports, folder, self._site),) if imports else ()
        others = (folder, *(page.folder for page in pages), "")
        folders = tuple(dict.fromkeys(other for other in others if other is not None))
        maps = (*own, *(known for page in pages for known in page.maps))
        return Place(folder, folders, tuple(dict.fromkeys(maps)))

    def _base(self, folder: str, base: str | None) -> str | None:
        """HTML standard, "the base element": an address that cannot be one (`data:`) is ignored."""
        if base is None or base.strip().lower().startswith(("data:", "javascript:")):
            return folder
        path = urls.path_of(base, self._site)
        if path is None:
            return None if urls.is_absolute(base) else folder
        joined = urls.join(folder, path)
        return None if joined is None else joined[: joined.rfind("/") + 1]

    def resolve(self, found: Found, place: Place) -> Answer:
        """Where a reference leads, from where it stands."""
        if found.kind is Kind.TEXT:
            return self._text(found.text, place)
        if found.kind is Kind.MODULE:
            return self._module(found.text, place)
        answer = self._address(place.folder, found.text)
        if answer.outcome is Outcome.MISSING and answer.path:
            return self._pretty(answer, answer.path)
        return answer

    def _address(self, folder: str | None, text: str) -> Answer:
        key = (folder, text)
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = self._look(folder, text)
        return answer

    def _look(self, folder: str | None, text: str) -> Answer:
        if folder is not None and (plain := _PLAIN.fullmatch(text)):
            file, name = _plain_target(folder, plain[1], plain[2]), text.rfind("/") + 1
            if file in self._paths:
                return Answer(Outcome.FILE, file, name + insertion(text[name:]))
        path = urls.path_of(text, self._site)
        if path is None or (folder is None and not urls.is_absolute(text)):
            return ELSEWHERE
        target = urls.join(folder or "", path)
        if target is None:
            return Answer(Outcome.MISSING, text)
        if target in self._paths:
            return Answer(Outcome.FILE, target, path.at)
        return self._folder(target)

    def _folder(self, target: str) -> Answer:
        """The address of a folder shows its `index.html`, which always keeps its name."""
        if target and not target.endswith("/"):
            return Answer(Outcome.MISSING, target)
        index = f"{target}index.html"
        return Answer(Outcome.FILE if index in self._paths else Outcome.MISSING, index)

    def _pretty(self, missing: Answer, path: str) -> Answer:
        """`about` shows `about.html` or `about/index.html`. The hash has no place in such an address: it is
        the edge that knows the file's name, and a link that people type or keep must stay as it is."""
        plain = path.removesuffix("/index.html")
        for file in (f"{plain}.html", f"{plain}/index.html"):
            if file in self._paths:
                return Answer(Outcome.FILE, file)
        return missing

    def _text(self, text: str, place: Place) -> Answer:
        """A string is a reference only if it is the exact address of a file; nobody knows what it is relative
        to, so every place it may be relative to is tried, and all must mean the same file."""
        if not _looks_like_address(text):
            return ELSEWHERE
        answers = {
            answer.path: answer
            for folder in place.folders
            if (answer := self._address(folder, text)).outcome is Outcome.FILE and answer.at is not None
        }
        if len(answers) > 1:
            return Answer(Outcome.AMBIGUOUS, min(path for path in answers if path))
        return next(iter(answers.values()), ELSEWHERE)

    def _module(self, text: str, place: Place) -> Answer:
        """HTML standard, "resolve a module specifier": what an import map says, else an address; a bare name
        is no address."""
        answers = {self._specifier(text, place, known) for known in place.maps or (None,)}
        if len(answers) > 1:
            return Answer(Outcome.AMBIGUOUS, min(answer.path or "" for answer in answers))
        return answers.pop()

    def _specifier(self, text: str, place: Place, known: ImportMap | None) -> Answer:
        found = mapped(text, place.folder, known, self._site) if known else None
        if found is None:
            return self._address(place.folder, text) if urls.is_specifier(text) else ELSEWHERE
        target, at = found
        if target is None:
            return ELSEWHERE
        return Answer(Outcome.FILE if target in self._paths else Outcome.MISSING, target, at)


# Most addresses: these parts mean what they say, so they need none of the standard's rules.
_PLAIN = re.compile(r"(/|(?:\.\./)*)((?:[\w-][\w.-]*/)*[\w-][\w.-]*)", re.ASCII)


def _plain_target(folder: str, up: str, rest: str) -> str:
    if up == "/":
        return rest
    for _ in range(len(up) // len("../")):
        folder = folder[: folder.rfind("/", 0, -1) + 1]
    return folder + rest


def _looks_like_address(text: str) -> bool:
    """`css/x`, `x.css`; not `x`, and nothing with a line break or tab in it, which is prose."""
    path = text.partition("?")[0].partition("#")[0]
    if "." not in path and "/" not in path:
        return False
    return not any(character in path for character in "\t\n\r")
