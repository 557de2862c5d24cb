"""The same events again and again, from many threads; and secrets, which no trouble may bring to light."""

import json
import logging
import random
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from everyday.errors import EverydayError
from everyday_local.instagram.faults import Effect, Fault, Op
from functions.photo_post import handler
from tests.faults.conftest import MakeWorld
from tests.faults.cuts import Cuts, Mode
from tests.faults.ports import World as PortWorld
from tests.faults.wire import ADMIN_KEY, World, a_post
from tests.functions.handling import AContext, an_event

MEDIA, COPIES, THREADS, BATCH = 100, 50, 20, 10
SNAPSHOTS = Path(__file__).parents[1] / "stacks/__snapshots__"


def _batches(ids: list[str], chance: random.Random) -> list[dict[str, Any]]:
    """SQS events of ten messages each: every id COPIES times, in any order."""
    messages = ids * COPIES
    chance.shuffle(messages)
    record = an_event("photo_stored_batch")["Records"][0]
    told = json.loads(record["body"])
    records = [
        {**record, "messageId": str(number), "body": json.dumps({**told, "detail": {"id": id_}})}
        for number, id_ in enumerate(messages)
    ]
    return [{"Records": records[start : start + BATCH]} for start in range(0, len(records), BATCH)]


def test_fifty_copies_of_every_event_make_one_post_each_also_a_month_later() -> None:
    world = PortWorld()
    ids = [world.post("picture") for _ in range(MEDIA)]
    world.backup().run()
    world.refresh()
    posting = world.posting()

    def deliver(event: dict[str, Any]) -> list[Any]:
        return handler.handle(event, AContext(), posting=posting)["batchItemFailures"]

    for _ in ("today", "a month later"):
        with ThreadPoolExecutor(THREADS) as pool:
            failed = [it for batch in pool.map(deliver, _batches(ids, random.Random(1))) for it in batch]
        # What collided with another writer too often comes back, as the queue would bring it.
        for _ in range(2):
            posting.sweep(lambda: 900.0)
        assert failed == []
        assert len(world.blog.posts) == len(world.blog.files) == MEDIA
        world.later(days=30)
    assert world.wrong_at_last() == []


def test_many_backups_at_once_store_everything_once() -> None:
    world = PortWorld()
    for _ in range(10):
        world.post("picture", "film")
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: world.run(), range(THREADS)))
    world.later(hours=8)
    assert world.run() == []
    assert world.wrong_at_last() == []


ALBUM = a_post(1, "hills", "film:sea", caption="An album")
# What fails, and how; the whole of what is said about it must not hold a secret.
TROUBLES: list[tuple[str, Any]] = [
    *((f"call {number} {mode}", {number: mode}) for number in (2, 3, 8, 17, 24, 45, 47) for mode in Mode),
    *(
        (f"Instagram says {code}", Fault(on=on, do=Effect.ERROR, code=code, times=None))
        for on in (Op.LIST, Op.REFRESH)
        for code in (1, 4, 10, 190)
    ),
    ("Instagram says HTML", Fault(on=Op.LIST, do=Effect.HTML, times=None)),
    ("an address that never works", Fault(on=Op.FILE, do=Effect.EXPIRED, times=None)),
]


def test_no_trouble_brings_a_secret_to_light(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("botocore", "boto3"):  # at DEBUG they log every body; no function sets that
        caplog.set_level(logging.INFO, logger=name)
    for name, trouble in TROUBLES:
        caplog.clear()
        world = make_world(ALBUM)
        cuts = Cuts(trouble if isinstance(trouble, dict) else {})
        if isinstance(trouble, Fault):
            world.standin.faults.plant(trouble)
        said = [*map(_told, world.run(cuts)), *map(_everything, caplog.records), *_kept(world)]
        for secret in _secrets(world):
            assert not [text for text in said if secret in text], name


def test_a_dead_token_and_a_refused_key_are_told_without_themselves(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = make_world(ALBUM)
    assert world.run() == []
    world.edit(ALBUM.id, "Edited")
    world.standin.tokens.revoke(world.token)
    for token in list(_secrets(world)):
        if token.startswith("IGAA"):
            world.standin.tokens.revoke(token)
    raised = world.run()
    assert raised, "a dead token is silent"
    said = [*map(_told, raised), *map(_everything, caplog.records)]
    assert not [text for text in said for secret in _secrets(world) if secret in text]


def test_no_template_holds_a_secret() -> None:
    texts = [path.read_text() for path in SNAPSHOTS.rglob("*.json")]
    assert texts
    assert not [text for text in texts if "IGAA" in text or ADMIN_KEY.partition(":")[2] in text]


def _secrets(world: World) -> set[str]:
    stored = world.services.client("secretsmanager").get_secret_value(SecretId=f"instagram-{world.name}")
    token = json.loads(stored["SecretString"])["access_token"]
    return {world.token, token, ADMIN_KEY, *ADMIN_KEY.split(":")}


def _told(error: EverydayError) -> str:
    return f"{error!r} " + "".join(traceback.format_exception(error))


def _everything(record: logging.LogRecord) -> str:
    trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
    return f"{record.getMessage()} {vars(record)} {trace}"


def _kept(world: World) -> list[str]:
    """All that is written down: the archive's documents, the catalog, the posts, what was asked."""
    found = world.found()
    documents = [data.decode() for key, data in found.objects.items() if key.endswith(".json")]
    texts = [*documents, *map(str, found.entries.values()), str(found.state), *map(str, found.posts)]
    signed = [text for text in documents if "oh=" in text or "_nc_ohc" in text]
    assert signed == [], "a signed address is kept"
    return texts
