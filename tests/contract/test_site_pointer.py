"""What the Pointer over the key-value store promises, at the stand-in that the local edge is."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from everyday.adapters.aws import client_config
from everyday.adapters.key_value_store import MOST_KEYS, CloudFrontPointer, keep_address
from everyday.errors import EdgeUnavailable, SiteConflict
from everyday.site.edge import LIVE, live_value
from everyday_local.edge.app import build_app
from everyday_local.edge.functions import Functions
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served
from tests.contract.conftest import Trouble
from tests.contract.edge_clients import ARN
from tests.contract.test_edge_stores import OneStore


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    cloud: Any = OneStore()
    stores = Stores(tmp_path_factory.mktemp("edge") / "stores.db")
    with served(build_app(Sites(cloud, Functions(), stores, lambda: 0.0), stores, cloud)) as url:
        yield url, stores
    stores.close()


@pytest.fixture
def kvs(address: tuple[str, Any], boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Any:
    """AWS's client, and a store with nothing in it."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    client: Any = boto_session.client(
        "cloudfront-keyvaluestore", endpoint_url=address[0], config=client_config()
    )
    keep_address(client, address[0])
    found = client.list_keys(KvsARN=ARN)["Items"]
    tag = client.describe_key_value_store(KvsARN=ARN)["ETag"]
    client.update_keys(KvsARN=ARN, IfMatch=tag, Puts=[{"Key": "-", "Value": "-"}], Deletes=[])
    tag = client.describe_key_value_store(KvsARN=ARN)["ETag"]
    gone = [{"Key": it["Key"]} for it in [*found[: MOST_KEYS - 1], {"Key": "-"}]]
    client.update_keys(KvsARN=ARN, IfMatch=tag, Deletes=gone, Puts=[])
    return client


@pytest.fixture
def pointer(kvs: Any) -> CloudFrontPointer:
    return CloudFrontPointer(kvs, ARN, sleep=lambda seconds: None)


def sent(kvs: Any) -> Trouble:
    return Trouble(kvs)


def test_values_and_the_pointer_change_in_three_requests(kvs: Any, pointer: CloudFrontPointer) -> None:
    requests = sent(kvs)
    assert pointer.change({"a": "1"}, [], pointer=(live_value(1, "r1"), 1))
    assert requests.sent == ["DescribeKeyValueStore", "GetKey", "UpdateKeys"]
    assert [pointer.get(key) for key in ("a", LIVE, "none")] == ["1", "1 r1", None]


def test_the_pointer_never_goes_back(pointer: CloudFrontPointer) -> None:
    assert pointer.change({}, [], pointer=(live_value(5, "new"), 5))
    assert not pointer.change({"b": "1"}, [LIVE], pointer=(live_value(4, "old"), 4))
    assert not pointer.change({}, [], pointer=(live_value(5, "other"), 5))
    assert pointer.get(LIVE) == "5 new"
    assert pointer.get("b") is None


def test_the_same_change_again_is_done(pointer: CloudFrontPointer) -> None:
    for _ in range(2):
        assert pointer.change({"a": "1"}, ["gone"], pointer=(live_value(2, "r"), 2))
    assert pointer.get(LIVE) == "2 r"


def test_what_builds_upon_a_change_that_never_ended_is_a_conflict(pointer: CloudFrontPointer) -> None:
    pointer.change({}, [], pointer=(live_value(2, "r"), 2))
    with pytest.raises(SiteConflict):
        pointer.change({"c": "1"}, [], pointer=(live_value(4, "s"), 4), base=3)
    assert pointer.get("c") is None
    assert pointer.change({"c": "1"}, [], pointer=(live_value(4, "s"), 4), base=2)


def test_many_keys_go_in_steps_and_the_pointer_after_all_values(kvs: Any, pointer: CloudFrontPointer) -> None:
    steps: list[tuple[int, int, bool]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        puts = [it["Key"] for it in params["Puts"]]
        steps.append((len(puts), len(params["Deletes"]), LIVE in puts))

    kvs.meta.events.register("provide-client-params.*.UpdateKeys", note)
    puts = {f"leaf-{number:03}": "x" for number in range(120)}
    assert pointer.change(puts, [], pointer=(live_value(1, "r1"), 1))
    assert pointer.change({}, sorted(puts)[:70], pointer=(live_value(2, "r2"), 2))
    assert steps == [(49, 0, False), (49, 0, False), (23, 0, True), (1, 49, True), (0, 21, False)]
    assert [pointer.get(f"leaf-{number:03}") for number in (0, 69, 70, 119)] == [None, None, "x", "x"]


def test_a_key_that_is_put_is_not_deleted(pointer: CloudFrontPointer) -> None:
    pointer.change({"a": "1"}, ["a", "b"], pointer=None)
    assert pointer.get("a") == "1"


def test_another_writer_in_between_is_seen(kvs: Any, pointer: CloudFrontPointer) -> None:
    other = CloudFrontPointer(kvs, ARN)
    once = iter([True])

    def slip_in(**_: Any) -> None:
        if next(once, False):
            other.change({}, [], pointer=(live_value(9, "theirs"), 9))

    kvs.meta.events.register("before-parameter-build.*.UpdateKeys", slip_in)
    assert not pointer.change({"mine": "1"}, [], pointer=(live_value(8, "mine"), 8))
    assert pointer.get(LIVE) == "9 theirs"


def test_a_lost_reply_is_no_conflict(kvs: Any, pointer: CloudFrontPointer) -> None:
    trouble = Trouble(kvs, "UpdateKeys")
    trouble.script = ["lost"]
    assert pointer.change({"a": "1"}, [], pointer=(live_value(3, "r3"), 3))
    assert (pointer.get("a"), pointer.get(LIVE)) == ("1", "3 r3")


def test_a_value_that_the_store_does_not_take_is_no_endless_loop(
    kvs: Any, pointer: CloudFrontPointer
) -> None:
    updates = Trouble(kvs, "UpdateKeys")
    with pytest.raises(EdgeUnavailable):
        pointer.change({"a": "x" * 2000}, [], pointer=None)
    assert len(updates.sent) == 1


def test_a_store_that_does_not_answer_is_unavailable(kvs: Any, pointer: CloudFrontPointer) -> None:
    trouble = Trouble(kvs)
    trouble.script = ["cut"] * 4
    with pytest.raises(EdgeUnavailable, match="reading live"):
        pointer.get(LIVE)
    assert len(trouble.sent) == 4


def test_nothing_to_change_sends_no_change(kvs: Any, pointer: CloudFrontPointer) -> None:
    updates = Trouble(kvs, "UpdateKeys")
    assert pointer.change({}, [], pointer=None)
    assert updates.sent == []


def test_the_client_signs_as_the_store_wants_it(kvs: Any) -> None:
    """Without awscrt botocore would sign with version 4, which CloudFront refuses."""
    seen: list[str] = []
    kvs.meta.events.register("before-send.*", lambda request, **_: seen.append(_text(request)))
    kvs.describe_key_value_store(KvsARN=ARN)
    assert seen[0].startswith("AWS4-ECDSA-P256-SHA256 ")


def _text(request: Any) -> str:
    value = request.headers["Authorization"]
    return value.decode() if isinstance(value, bytes) else str(value)
