"""Answers to CodePipeline's jobs, a pipeline's way, invalidations, artifacts: as AWS's clients send them."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from everyday.adapters.aws import client_config
from everyday.adapters.cloudfront import CloudFrontCdn
from everyday.adapters.codepipeline import CodePipeline, CodePipelineAnswers
from everyday.adapters.site_artifact import unpacked
from everyday.errors import BucketUnavailable, EdgeUnavailable, SiteRefused
from everyday.site.messages import Artifact, Credentials
from tests.s3_stub import Stub, serving

Making = Callable[[str], tuple[Any, Stubber]]


@pytest.fixture
def stubbed(boto_session: boto3.Session) -> Iterator[Making]:
    """Clients whose every request is checked against the service's model, in order."""
    stubbers: list[Stubber] = []

    def make(service: str) -> tuple[Any, Stubber]:
        made: Any = boto_session.client(service, config=client_config())  # type: ignore[call-overload]
        stubbers.append(Stubber(made))
        stubbers[-1].activate()
        return made, stubbers[-1]

    yield make
    for stubber in stubbers:
        stubber.assert_no_pending_responses()


def test_success_tells_the_release(stubbed: Making) -> None:
    client, stubber = stubbed("codepipeline")
    details = {"summary": "live", "externalExecutionId": "r1", "percentComplete": 100}
    asked = {"jobId": "j", "executionDetails": details, "outputVariables": {"Release": "r1"}}
    stubber.add_response("put_job_success_result", {}, asked)
    CodePipelineAnswers(client).succeed("j", release="r1", summary="live", variables={"Release": "r1"})


def test_carrying_on_tells_the_token_only(stubbed: Making) -> None:
    client, stubber = stubbed("codepipeline")
    stubber.add_response("put_job_success_result", {}, {"jobId": "j", "continuationToken": "t"})
    CodePipelineAnswers(client).carry_on("j", token="t")


@pytest.mark.parametrize(("reason", "said"), [("x" * 5000, "x" * 2048), ("", "no reason given")])
def test_a_reason_is_as_long_as_codepipeline_takes(stubbed: Making, reason: str, said: str) -> None:
    client, stubber = stubbed("codepipeline")
    asked = {"jobId": "j", "failureDetails": {"type": "JobFailed", "message": said}}
    stubber.add_response("put_job_failure_result", {}, asked)
    CodePipelineAnswers(client).fail("j", reason=reason)


@pytest.mark.parametrize("code", ["InvalidJobStateException", "JobNotFoundException"])
def test_an_answer_to_a_job_that_has_one_is_no_error(stubbed: Making, code: str) -> None:
    client, stubber = stubbed("codepipeline")
    stubber.add_client_error("put_job_failure_result", code)
    CodePipelineAnswers(client).fail("j", reason="r")


def test_another_refusal_of_an_answer_is_one(stubbed: Making) -> None:
    client, stubber = stubbed("codepipeline")
    stubber.add_client_error("put_job_failure_result", "AccessDeniedException")
    with pytest.raises(EdgeUnavailable, match="answering the job j: AccessDenied"):
        CodePipelineAnswers(client).fail("j", reason="r")


def test_the_execution_of_a_push_is_the_one_of_its_version(stubbed: Making) -> None:
    client, stubber = stubbed("codepipeline")

    def summary(id_: str, version: str) -> dict[str, Any]:
        revision = {"actionName": "Source", "revisionId": version}
        return {"pipelineExecutionId": id_, "status": "InProgress", "sourceRevisions": [revision]}

    page = {"pipelineExecutionSummaries": [summary("new", "v2"), summary("mine", "v1")]}
    for _ in range(2):
        stubber.add_response("list_pipeline_executions", page)
    pipeline = CodePipeline(client, "p")
    found = pipeline.started_by("v1")
    assert found is not None
    assert (found.id, found.status) == ("mine", "InProgress")
    assert pipeline.started_by("v3") is None


def test_actions_come_in_order_with_what_they_said(stubbed: Making) -> None:
    client, stubber = stubbed("codepipeline")

    def detail(name: str, status: str, result: dict[str, Any]) -> dict[str, Any]:
        output = {"executionResult": result}
        return {"stageName": name, "actionName": name, "status": status, "output": output}

    failed = detail(
        "Publish", "Failed", {"errorDetails": {"code": "JobFailed", "message": "a page is broken"}}
    )
    source = detail("Source", "Succeeded", {"externalExecutionSummary": "v1"})
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [failed, source]})
    stubber.add_response("get_pipeline_execution", {"pipelineExecution": {"status": "Failed"}})
    pipeline = CodePipeline(client, "p")
    assert [(it.name, it.status, it.said) for it in pipeline.actions("e")] == [
        ("Source", "Succeeded", "v1"),
        ("Publish", "Failed", "a page is broken"),
    ]
    assert pipeline.execution("e").status == "Failed"


def test_an_invalidation_names_each_path_once_as_browsers_send_it(stubbed: Making) -> None:
    client, stubber = stubbed("cloudfront")
    batch = {"Paths": {"Quantity": 2, "Items": ["/%C3%BC%20x", "/a*"]}, "CallerReference": "r1"}
    made = {"Id": "I1", "Status": "InProgress", "CreateTime": 0, "InvalidationBatch": batch}
    stubber.add_response(
        "create_invalidation",
        {"Invalidation": made},
        {"DistributionId": "D", "InvalidationBatch": batch},
    )
    stubber.add_response("get_invalidation", {"Invalidation": made}, {"DistributionId": "D", "Id": "I1"})
    stubber.add_response("get_invalidation", {"Invalidation": {**made, "Status": "Completed"}})
    cdn = CloudFrontCdn(client, "D")
    assert cdn.invalidate(["/ü x", "/a*", "/a*"], reference="r1") == "I1"
    assert [cdn.invalidated("I1") for _ in range(2)] == [False, True]


def test_too_many_invalidations_are_said_to_be_so(stubbed: Making) -> None:
    client, stubber = stubbed("cloudfront")
    stubber.add_client_error("create_invalidation", "TooManyInvalidationsInProgress")
    with pytest.raises(EdgeUnavailable, match="TooManyInvalidationsInProgress"):
        CloudFrontCdn(client, "D").invalidate(["/"], reference="r1")


@pytest.fixture(scope="module")
def s3() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


def fetched(s3: Stub, session: boto3.Session, body: bytes) -> dict[str, int]:
    s3.objects.store("p/in/abc", body, {})
    artifact = Artifact(bucket="artifacts", key="p/in/abc", credentials=Credentials("a", "b", "c"))
    with unpacked(session.client("s3", endpoint_url=s3.url, config=client_config()), artifact) as tree:
        return dict(tree.files())


def test_an_artifact_is_a_tree_while_it_is_looked_at(s3: Stub, boto_session: boto3.Session) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("dist/index.html", "<p>")
    assert fetched(s3, boto_session, made.getvalue()) == {"index.html": 3}


def test_an_artifact_that_is_no_zip_is_refused(s3: Stub, boto_session: boto3.Session) -> None:
    with pytest.raises(SiteRefused, match="zip"):
        fetched(s3, boto_session, b"<html>")


def test_an_artifact_that_is_gone_is_named(s3: Stub, boto_session: boto3.Session) -> None:
    client = boto_session.client("s3", endpoint_url=s3.url, config=client_config())
    artifact = Artifact(bucket="artifacts", key="gone", credentials=Credentials("a", "b", "c"))
    with pytest.raises(BucketUnavailable, match="the artifact gone: NoSuchKey"), unpacked(client, artifact):
        pass
