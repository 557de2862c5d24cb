"""How far a walk is settled, while its media are stored in any order."""

from collections import deque
from threading import Lock

from everyday.photos.catalog import Place


class Mark:
    """One page: the place it begins at, how many of its media are open, and whether one was left behind."""

    __slots__ = ("left_behind", "open", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.open = 0
        self.left_behind = False


class Frontier:
    """The first place in a walk before which every medium is settled: where another run may go on.

    `begin` and `place` are for the thread that leads the walk; `settled` may be called from any.
    """

    def __init__(self) -> None:
        self._marks: deque[Mark] = deque()
        self._lock = Lock()

    def begin(self, place: Place) -> Mark:
        """A page begins. It stays open until `settled` was called once more than `take`."""
        mark = Mark(place)
        mark.open = 1
        self._marks.append(mark)
        return mark

    def take(self, mark: Mark) -> None:
        with self._lock:
            mark.open += 1

    def settled(self, mark: Mark, *, left_behind: bool = False) -> None:
        """A medium of the page is settled, or `left_behind` for another run."""
        with self._lock:
            mark.open -= 1
            mark.left_behind = mark.left_behind or left_behind

    def place(self) -> Place | None:
        """Where the first unsettled page begins; None when all are settled."""
        with self._lock:
            while self._marks and not self._marks[0].open and not self._marks[0].left_behind:
                self._marks.popleft()
            return self._marks[0].place if self._marks else None
