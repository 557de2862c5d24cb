"""The API adapters against the stand-in that local mode runs."""

from collections.abc import Iterator

import pytest

from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource
from everyday.adapters.instagram_token import TokenApi
from everyday.adapters.media_http import MediaDownloads
from everyday.errors import EverydayError, MediumExpired, MediumRefused, SourceUnavailable
from everyday.photos.model import Medium
from everyday.photos.sniff import checked
from everyday_local.instagram.faults import Effect, Fault, Faults, Op
from everyday_local.instagram.run import running
from everyday_local.instagram.standin import Standin

CAP = 5_000_000


@pytest.fixture
def standin() -> Iterator[Standin]:
    with running(faults=Faults()) as it:
        yield it


def source(standin: Standin) -> GraphSource:
    http = GraphHttp(standin.url, clock=standin.now, sleep=lambda _: None)
    return GraphSource(
        http, token=lambda: standin.token, media=MediaDownloads([standin.url], max_bytes=CAP), page_size=20
    )


def walk(graph: GraphSource) -> Iterator[Medium]:
    cursor = None
    while True:
        page = graph.page(cursor)
        assert not page.unreadable
        yield from page.media
        if page.cursor is None:
            return
        cursor = page.cursor


def test_the_whole_account_is_listed_once_and_newest_first_but_for_pins(standin: Standin) -> None:
    graph = source(standin)
    media = list(walk(graph))
    assert len({medium.id for medium in media}) == len(media) == graph.count()
    assert {len(medium.items) > 1 for medium in media} == {True, False}


def test_a_file_comes_whole_with_its_type(standin: Standin) -> None:
    graph = source(standin)
    item = graph.page(None).media[0].items[0]
    with graph.open(item) as raw:
        body = checked(raw, CAP)
        assert body.content_type == "image/jpeg"
        assert sum(map(len, body.chunks)) == body.length


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (Effect.EXPIRED, MediumExpired),
        (Effect.HTML, MediumRefused),
        (Effect.WRONG_TYPE, MediumRefused),
        (Effect.HUGE, MediumRefused),
        (Effect.TRUNCATED, SourceUnavailable),
        (Effect.RESET, SourceUnavailable),
        (Effect.STATUS, SourceUnavailable),
    ],
)
def test_each_fault_of_a_file_becomes_its_error(
    effect: Effect, kind: type[EverydayError], standin: Standin
) -> None:
    graph = source(standin)
    item = graph.page(None).media[0].items[0]
    standin.faults.plant(Fault(on=Op.FILE, do=effect))
    with pytest.raises(kind), graph.open(item) as raw:
        list(checked(raw, CAP).chunks)


@pytest.mark.parametrize("effect", [Effect.STATUS, Effect.HTML, Effect.NOT_JSON, Effect.RESET, Effect.ERROR])
def test_a_passing_fault_of_the_listing_is_stepped_over(effect: Effect, standin: Standin) -> None:
    standin.faults.plant(Fault(on=Op.LIST, do=effect, nth=2))
    assert len(list(walk(source(standin)))) == source(standin).count()


def test_a_token_is_refreshed_after_a_day(standin: Standin) -> None:
    from datetime import timedelta

    tokens = TokenApi(GraphHttp(standin.url, clock=standin.now, sleep=lambda _: None))
    standin.advance(timedelta(days=2))
    assert tokens.refresh(standin.token).expires_in > 59 * 86400
