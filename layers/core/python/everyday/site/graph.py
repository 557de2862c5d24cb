"""Files that name each other. Pure."""

from collections.abc import Iterator, Mapping, Sequence


def components(targets: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The strongly connected components, each after all that it leads to, its members sorted.

    `targets`: what each file leads to; files that lead nowhere may be left out of the mapping, and come when
    something leads to them. Tarjan's algorithm (1972), with a stack of its own, because a chain of files may
    be longer than Python's.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: dict[str, None] = {}
    for root in targets:
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        open_[root] = None
        ways = [(root, iter(targets[root]))]
        while ways:
            file, ahead = ways[-1]
            new = _next_new(file, ahead, number, lowest, open_)
            if new is not None:
                number[new] = lowest[new] = len(number)
                open_[new] = None
                ways.append((new, iter(targets.get(new, ()))))
                continue
            ways.pop()
            if ways:
                before = ways[-1][0]
                lowest[before] = min(lowest[before], lowest[file])
            if lowest[file] == number[file]:
                yield _closed(file, open_)


def _next_new(
    file: str,
    ahead: Iterator[str],
    number: Mapping[str, int],
    lowest: dict[str, int],
    open_: Mapping[str, None],
) -> str | None:
    """The next file on the way that nobody has seen; those seen and still open are a way back."""
    for target in ahead:
        if target not in number:
            return target
        if target in open_:
            lowest[file] = min(lowest[file], number[target])
    return None


def _closed(file: str, open_: dict[str, None]) -> list[str]:
    """Take a component off the open files: those from `file` on."""
    members = []
    while file in open_:
        members.append(open_.popitem()[0])
    return sorted(members)
