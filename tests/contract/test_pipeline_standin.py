"""What the stand-in for CodePipeline promises to functions, to the command line and to the owner."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from everyday_local.aws import local_session
from everyday_local.pipeline.actions import Actions
from everyday_local.pipeline.app import build_app
from everyday_local.pipeline.definitions import PARAMETERS
from everyday_local.pipeline.engine import Engine
from everyday_local.pipeline.events import Tell
from everyday_local.pipeline.jobs import JobNotFound, Jobs, Result
from everyday_local.pipeline.records import Records
from everyday_local.serving import served

SOURCE = {
    "Name": "Push",
    "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
    "Configuration": {"S3Bucket": "uploads", "S3ObjectKey": "blog.zip"},
    "OutputArtifacts": [{"Name": "Files"}],
    "RunOrder": 1,
}
PUBLISH = {
    "Name": "Publish",
    "ActionTypeId": {"Category": "Invoke", "Owner": "AWS", "Provider": "Lambda", "Version": "1"},
    "Configuration": {"FunctionName": "publish", "UserParameters": "blog"},
    "InputArtifacts": [{"Name": "Files"}],
    "RunOrder": 1,
}
PIPELINE = {
    "Name": "blog",
    "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
    "ExecutionMode": "SUPERSEDED",
    "PipelineType": "V2",
    "Stages": [{"Name": "Source", "Actions": [SOURCE]}, {"Name": "Publish", "Actions": [PUBLISH]}],
}


class S3:
    """A versioned bucket in memory."""

    class exceptions:
        ClientError = ClientError

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], list[bytes]] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.versions.setdefault((Bucket, Key), []).append(Body)

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.versions:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"VersionId": f"v{len(self.versions[Bucket, Key])}"}

    def get_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        known = self.versions[Bucket, Key]
        return {"Body": io.BytesIO(known[int(VersionId[1:]) - 1] if VersionId else known[-1])}


class Functions:
    """Lambda, whose one function does what a test says."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.does: Any = lambda _: None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == "publish"
        job = json.loads(Payload)["CodePipeline.job"]
        self.jobs.append(job)
        self.does(job)
        return {"Payload": io.BytesIO(b"{}")}


class Parameters:
    def __init__(self, *documents: Any) -> None:
        self.documents = documents

    def get_paginator(self, _: str) -> Any:
        def paginate(Path: str) -> Any:
            assert f"{Path}/" == PARAMETERS
            return [{"Parameters": [{"Value": json.dumps(each)} for each in self.documents]}]

        return SimpleNamespace(paginate=paginate)


class World:
    """A stand-in with everything around it in memory, and nobody who looks by himself."""

    def __init__(self, tmp: Any = None) -> None:
        self._now = datetime(2026, 11, 23, tzinfo=UTC)
        self.s3, self.functions, self.events = S3(), Functions(), []
        self.jobs, self.records = Jobs(), Records(tmp)
        clients = {"s3": self.s3, "lambda": self.functions, "codebuild": None}
        self.engine = Engine(
            Parameters(PIPELINE),
            Actions(clients.__getitem__, self.jobs),
            self.records,
            Tell(self.events.append),
            self._clock,
        )
        self.app = build_app(self.engine, self.jobs, self.records)

    def _clock(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def push(self, body: bytes) -> None:
        self.s3.put_object(Bucket="uploads", Key="blog.zip", Body=body)

    def run(self) -> list[Any]:
        """Look once, and wait until nothing runs."""
        self.engine.look()
        self.engine.settle(20)
        return self.records.of("blog")


@pytest.fixture
def world() -> World:
    return World()


@contextmanager
def client(world: World, **settings: Any) -> Iterator[Any]:
    with served(world.app) as url:
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, **settings)
        yield local_session(url).client("codepipeline", config=config)


def succeeding(world: World, **answer: Any) -> Any:
    return lambda job: world.jobs.answer(job["id"], Result(True, "published", **answer))


def test_a_pushed_zip_runs_the_actions_in_order_and_reaches_the_function(world: World) -> None:
    world.functions.does = succeeding(world, external_id="20261123-1")
    world.push(b"zip one")
    (execution,) = world.run()
    assert execution.status == "Succeeded"
    assert [(run.stage, run.action, run.status) for run in execution.actions] == [
        ("Source", "Push", "Succeeded"),
        ("Publish", "Publish", "Succeeded"),
    ]
    place = world.functions.jobs[0]["data"]["inputArtifacts"][0]["location"]["s3Location"]
    body = world.s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
    assert (place["bucketName"], body) == ("artifacts", b"zip one")


def test_the_same_version_runs_once_and_a_new_one_again(world: World) -> None:
    world.functions.does = succeeding(world)
    world.push(b"one")
    world.run()
    assert len(world.run()) == 1
    world.push(b"two")
    assert [each.revision for each in world.run()] == ["v2", "v1"]


def test_a_failure_ends_the_execution_with_its_reason(world: World) -> None:
    world.functions.does = lambda job: world.jobs.answer(job["id"], Result(False, "the zip holds ../x"))
    world.push(b"bad")
    (execution,) = world.run()
    assert (execution.status, execution.summary) == ("Failed", "Publish: the zip holds ../x")
    failed = world.events[-1]["detail"]
    assert failed["state"] == "FAILED"
    assert failed["additionalAttributes"]["failedActions"][0]["additionalInformation"] == "the zip holds ../x"


def test_a_function_that_never_answers_fails_the_action(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("everyday_local.pipeline.actions._AFTERWARDS_SECONDS", 0.0)
    world.push(b"one")
    (execution,) = world.run()
    assert execution.status == "Failed"
    assert "without an answer" in execution.summary


def test_a_continuation_token_calls_the_function_again_with_it(world: World) -> None:
    def does(job: Any) -> None:
        token = job["data"].get("continuationToken")
        world.jobs.answer(job["id"], Result(True, continuation="" if token else "confirm"))

    world.functions.does = does
    world.push(b"one")
    (execution,) = world.run()
    assert execution.status == "Succeeded"
    assert [job["data"].get("continuationToken") for job in world.functions.jobs] == [None, "confirm"]


def test_events_tell_of_the_execution_its_stages_and_actions(world: World) -> None:
    world.functions.does = succeeding(world)
    world.push(b"one")
    world.run()
    told = [(each["detail-type"].split()[1], each["detail"]["state"]) for each in world.events]
    one = [("Stage", "STARTED"), ("Action", "STARTED"), ("Action", "SUCCEEDED"), ("Stage", "SUCCEEDED")]
    assert told == [("Pipeline", "STARTED"), *one, *one, ("Pipeline", "SUCCEEDED")]
    assert {each["source"] for each in world.events} == {"everyday.codepipeline"}


def test_a_waiting_execution_is_superseded_by_a_newer_one(world: World) -> None:
    pushed = []

    def does(job: Any) -> None:
        if not pushed:
            pushed.append(True)
            for body in (b"two", b"three"):
                world.push(body)
                world.engine.look()
        world.jobs.answer(job["id"], Result(True))

    world.functions.does = does
    world.push(b"one")
    assert [(each.revision, each.status) for each in world.run()] == [
        ("v3", "Succeeded"),
        ("v2", "Superseded"),
        ("v1", "Succeeded"),
    ]


def test_what_a_killed_stand_in_was_running_has_failed_and_runs_again(tmp_path: Any) -> None:
    first = World(tmp_path / "executions.json")
    first.functions.does = succeeding(first)
    first.push(b"one")
    (execution,) = first.run()
    execution.status = "InProgress"
    first.records.changed()
    again = World(tmp_path / "executions.json")
    again.functions.does = succeeding(again)
    again.push(b"one")
    assert [(each.revision, each.status) for each in again.run()] == [("v1", "Succeeded"), ("v1", "Failed")]
    assert len(again.run()) == 2


def test_an_answer_to_no_job_or_a_second_answer_is_refused() -> None:
    jobs = Jobs()
    job_id = jobs.begin()
    jobs.answer(job_id, Result(True))
    for unknown in (job_id, "nothing"):
        with pytest.raises(JobNotFound):
            jobs.answer(unknown, Result(True))


def test_an_unmodified_client_follows_an_execution(world: World) -> None:
    world.functions.does = succeeding(world, external_id="r1", variables={"release": "r1"})
    world.push(b"one")
    world.run()
    with client(world) as pipelines:
        (listed,) = pipelines.list_pipeline_executions(pipelineName="blog")["pipelineExecutionSummaries"]
        assert listed["status"] == "Succeeded"
        assert listed["sourceRevisions"][0]["revisionId"] == "v1"
        assert listed["startTime"].year == 2026
        name = {"pipelineName": "blog", "pipelineExecutionId": listed["pipelineExecutionId"]}
        assert pipelines.get_pipeline_execution(**name)["pipelineExecution"]["status"] == "Succeeded"
        details = pipelines.list_action_executions(
            pipelineName="blog", filter={"pipelineExecutionId": listed["pipelineExecutionId"]}
        )["actionExecutionDetails"]
        assert details[0]["output"]["outputVariables"] == {"release": "r1"}
        stages = pipelines.get_pipeline_state(name="blog")["stageStates"]
        assert [each["latestExecution"]["status"] for each in stages] == ["Succeeded", "Succeeded"]


def test_an_unmodified_client_starts_a_version_of_the_source(world: World) -> None:
    world.functions.does = succeeding(world)
    world.push(b"one")
    world.push(b"two")
    revision = {"actionName": "Push", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v1"}
    with client(world) as pipelines:
        started = pipelines.start_pipeline_execution(name="blog", sourceRevisions=[revision])
        world.engine.settle(20)
    (execution,) = world.records.of("blog")
    assert (execution.id, execution.revision) == (started["pipelineExecutionId"], "v1")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda each: each.get_pipeline_state(name="none"), "PipelineNotFoundException"),
        (lambda each: each.put_job_success_result(jobId="none"), "JobNotFoundException"),
        (lambda each: each.list_webhooks(), "UnknownOperationException"),
    ],
)
def test_errors_have_the_names_of_codepipeline(world: World, call: Any, code: str) -> None:
    with client(world) as pipelines, pytest.raises(ClientError) as refused:
        call(pipelines)
    assert refused.value.response["Error"]["Code"] == code


def test_json_is_spoken_as_well_as_cbor(world: World) -> None:
    import requests

    with served(world.app) as url:
        answer = requests.post(
            url,
            json={"pipelineName": "blog"},
            headers={"X-Amz-Target": "CodePipeline_20150709.ListPipelineExecutions"},
            timeout=20,
        )
        unnamed = requests.post(url, json={"pipelineName": 7}, timeout=20)
    assert answer.json() == {"pipelineExecutionSummaries": []}
    assert unnamed.json()["__type"] == "UnknownOperationException"
