"""Jobs that wait for each other. Pure."""

from collections.abc import Mapping, Sequence


def circle(start: str, waits_for: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A circle that `start` is in or waits for: each waits for the next, the last for the first. Else empty.

    `waits_for`: what each job that is not over depends on.
    """
    path: dict[str, None] = {}
    over: set[str] = set()
    ahead = [iter([start])]
    while ahead:
        id_ = next(ahead[-1], None)
        if id_ is None:
            ahead.pop()
            if path:
                over.add(path.popitem()[0])
        elif id_ in path:
            around = list(path)
            return tuple(around[around.index(id_) :])
        elif id_ not in over:
            path[id_] = None
            ahead.append(iter(waits_for.get(id_, ())))
    return ()
