"""Any history of an account, any faults: after two clean complete runs archive and catalog mirror it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from everyday.errors import EverydayError
from everyday.photos.catalog import State
from everyday.photos.model import BlogPost
from tests.account import Cuts, Died
from tests.builders import TAKEN
from tests.unit.photos.test_backup import World, a_short_time, a_world, assert_mirrored

POST = BlogPost(id="p", url="u", slug="s", status="draft", updated_at="t", rev="r")
plans = st.dictionaries(st.integers(1, 60), st.sampled_from(["before", "after", "die"]), max_size=4)
picks = st.integers(0, 10**6)


class History(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world: World = a_world(page_size=3)
        self.away: dict[str, Any] = {}
        self.backed_up: set[str] = set()
        self.deleted: set[str] = set()

    def pick(self, number: int) -> str:
        return sorted(self.world.account.media)[number % len(self.world.account.media)]

    @rule(count=st.integers(1, 8), items=st.integers(1, 3))
    def post(self, count: int, items: int) -> None:
        for _ in range(count):
            self.world.account.post(items=items)

    @rule(days=st.integers(1, 2000))
    def post_dated_back(self, days: int) -> None:
        self.world.account.post(taken_at=TAKEN - timedelta(days=days))

    @precondition(lambda self: self.world.account.media)
    @rule(number=picks)
    def delete(self, number: int) -> None:
        id_ = self.pick(number)
        self.deleted.add(id_)
        self.away[id_] = self.world.account.delete(id_)

    @precondition(lambda self: self.away)
    @rule(number=picks)
    def restore(self, number: int) -> None:
        id_ = sorted(self.away)[number % len(self.away)]
        self.world.account.restore(id_, self.away.pop(id_))

    @precondition(lambda self: self.world.account.media)
    @rule(number=picks, caption=st.sampled_from(["one", "two", ""]))
    def edit(self, number: int, caption: str) -> None:
        self.world.account.edit(self.pick(number), caption=caption)

    @precondition(lambda self: self.world.account.media)
    @rule(number=picks)
    def drop_a_part(self, number: int) -> None:
        id_ = self.pick(number)
        items = self.world.account.media[id_][1].items[1:]
        if items:
            again = tuple(replace(item, position=n) for n, item in enumerate(items, start=1))
            self.world.account.edit(id_, items=again)

    @precondition(lambda self: self.world.account.media)
    @rule(number=picks)
    def pin(self, number: int) -> None:
        pinned, id_ = self.world.account.pinned, self.pick(number)
        if id_ in pinned:
            pinned.remove(id_)
        elif len(pinned) < 3:
            pinned.add(id_)

    @rule()
    def expire(self) -> None:
        self.world.account.expire()

    @precondition(lambda self: self.world.account.media)
    @rule(number=picks)
    def blog(self, number: int) -> None:
        entry = self.world.catalog.entries.get(self.pick(number))
        if entry and entry.state in {State.STORED, State.EDITED} and entry.gone_at is None:
            self.world.catalog.put(replace(entry, state=State.POSTED, post=POST))

    @rule(hours=st.integers(1, 400))
    def wait(self, hours: int) -> None:
        self.world.later(hours=hours)

    @rule()
    def run_clean(self) -> None:
        self.world.run()

    @rule(plan=plans)
    def run_with_faults(self, plan: dict[int, str]) -> None:
        with suppress(EverydayError, Died):
            self.world.cut(Cuts(plan))

    @rule(questions=st.integers(1, 40))
    def run_out_of_time(self, questions: int) -> None:
        self.world.run(time_left=a_short_time(questions))

    @rule()
    def converge(self) -> None:
        for _ in range(2):
            self.world.later(days=8)
            self.world.run(complete=True)
        assert_mirrored(self.world)

    @invariant()
    def nothing_is_lost(self) -> None:
        stored = {it.id for it in self.world.catalog.entries.values() if it.files}
        assert self.backed_up <= stored
        self.backed_up = stored

    @invariant()
    def nothing_is_marked_that_was_never_deleted(self) -> None:
        marked = {it.id for it in self.world.catalog.entries.values() if it.gone_at is not None}
        assert marked <= self.deleted

    def teardown(self) -> None:
        self.converge()


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
