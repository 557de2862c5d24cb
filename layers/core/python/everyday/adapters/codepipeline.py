"""CodePipeline: answers to its jobs, and where a pushed zip is on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of, translated
from everyday.errors import EdgeUnavailable

if TYPE_CHECKING:
    from types_boto3_codepipeline.client import CodePipelineClient
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        PipelineExecutionSummaryTypeDef,
    )

_MESSAGE = 2048
_SUMMARY = 2048
# The job has an answer already, or CodePipeline gave it up.
_ANSWERED = {"InvalidJobStateException", "JobNotFoundException"}
_LATEST = 100


class CodePipelineAnswers:
    """Answers to the jobs of Lambda actions. An answer to a job that has one is no error."""

    def __init__(self, client: CodePipelineClient) -> None:
        self._client = client

    def succeed(self, job_id: str, *, release: str, summary: str, variables: Mapping[str, str]) -> None:
        with _answering(job_id):
            self._client.put_job_success_result(
                jobId=job_id,
                executionDetails={
                    "summary": summary[:_SUMMARY],
                    "externalExecutionId": release,
                    "percentComplete": 100,
                },
                outputVariables=dict(variables),
            )

    def carry_on(self, job_id: str, *, token: str) -> None:
        with _answering(job_id):
            self._client.put_job_success_result(jobId=job_id, continuationToken=token)

    def fail(self, job_id: str, *, reason: str) -> None:
        with _answering(job_id):
            self._client.put_job_failure_result(
                jobId=job_id,
                failureDetails={"type": "JobFailed", "message": reason[:_MESSAGE] or "no reason given"},
            )


class Action(NamedTuple):
    """An action of an execution: `status` in CodePipeline's words, `said`: what it told, or its error."""

    stage: str
    name: str
    status: str
    said: str
    at: datetime | None


class Execution(NamedTuple):
    id: str
    status: str


class CodePipeline:
    """One pipeline, as somebody who pushed a zip looks at it. Raises EdgeUnavailable."""

    def __init__(self, client: CodePipelineClient, name: str) -> None:
        self._client = client
        self._name = name

    def started_by(self, version: str) -> Execution | None:
        """The execution whose source is this version of the zip; None while there is none."""
        with translated(EdgeUnavailable, f"reading the executions of {self._name}"):
            page = self._client.list_pipeline_executions(pipelineName=self._name, maxResults=_LATEST)
        mine = [it for it in page["pipelineExecutionSummaries"] if _is_of(it, version)]
        return Execution(mine[0]["pipelineExecutionId"], mine[0]["status"]) if mine else None

    def execution(self, execution_id: str) -> Execution:
        with translated(EdgeUnavailable, f"reading the execution {execution_id}"):
            found = self._client.get_pipeline_execution(
                pipelineName=self._name, pipelineExecutionId=execution_id
            )
        return Execution(execution_id, found["pipelineExecution"]["status"])

    def actions(self, execution_id: str) -> Sequence[Action]:
        """What has begun of it, in order."""
        pages = self._client.get_paginator("list_action_executions").paginate(
            pipelineName=self._name, filter={"pipelineExecutionId": execution_id}
        )
        with translated(EdgeUnavailable, f"reading the actions of {execution_id}"):
            found = [_action(each) for page in pages for each in page["actionExecutionDetails"]]
        return found[::-1]  # CodePipeline tells the newest first


def _is_of(summary: PipelineExecutionSummaryTypeDef, version: str) -> bool:
    return any(revision.get("revisionId") == version for revision in summary.get("sourceRevisions", ()))


def _action(detail: ActionExecutionDetailTypeDef) -> Action:
    result = detail.get("output", {}).get("executionResult", {})
    said = result.get("errorDetails", {}).get("message") or result.get("externalExecutionSummary", "")
    return Action(
        detail["stageName"], detail["actionName"], detail["status"], said, detail.get("lastUpdateTime")
    )


@contextmanager
def _answering(job_id: str) -> Iterator[None]:
    with translated(EdgeUnavailable, f"answering the job {job_id}"):
        try:
            yield
        except ClientError as error:
            if code_of(error) not in _ANSWERED:
                raise
