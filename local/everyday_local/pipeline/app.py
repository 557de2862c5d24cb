"""The stand-in over HTTP: the actions of CodePipeline that functions and the command line call."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from everyday_local.pipeline import views
from everyday_local.pipeline.definitions import Pipeline
from everyday_local.pipeline.engine import Engine
from everyday_local.pipeline.jobs import JobNotFound, Jobs, Result
from everyday_local.pipeline.records import Execution, Records
from everyday_local.pipeline.wire import Refused, answered, asked, refused

_Params = Mapping[str, Any]
_Answer = Mapping[str, Any] | None


def build_app(engine: Engine, jobs: Jobs, records: Records) -> ASGIApp:
    """The stand-in as an ASGI application. Signatures are not checked."""
    service = Service(engine, jobs, records)

    async def wire(request: Request) -> Response:
        try:
            action, params = asked(request, await request.body())
            return answered(request, await run_in_threadpool(service.call, action, params))
        except Refused as error:
            return refused(request, error)

    async def health(_: Request) -> Response:
        return JSONResponse({"pipelines": await run_in_threadpool(lambda: sorted(engine.pipelines()))})

    return Starlette(
        routes=[
            Route("/_standin/health", health),
            Route("/{path:path}", wire, methods=["POST"]),
        ]
    )


class Service:
    """One method for each action; their names are CodePipeline's."""

    def __init__(self, engine: Engine, jobs: Jobs, records: Records) -> None:
        self._engine, self._jobs, self._records = engine, jobs, records
        self._actions: dict[str, Callable[[_Params], _Answer]] = {
            "PutJobSuccessResult": self._success,
            "PutJobFailureResult": self._failure,
            "StartPipelineExecution": self._start,
            "ListPipelines": lambda _: views.pipelines(engine.pipelines().values()),
            "GetPipelineState": self._state,
            "ListPipelineExecutions": self._executions,
            "GetPipelineExecution": self._execution,
            "ListActionExecutions": self._action_executions,
        }

    def call(self, action: str, params: _Params) -> _Answer:
        """Raises Refused."""
        if action not in self._actions:
            raise Refused("UnknownOperationException", f"the stand-in has no {action}")
        return self._actions[action](params)

    def _success(self, params: _Params) -> None:
        details = params.get("executionDetails", {})
        self._answer(
            params["jobId"],
            Result(
                True,
                details.get("summary", ""),
                details.get("externalExecutionId", ""),
                params.get("continuationToken", ""),
                params.get("outputVariables", {}),
            ),
        )

    def _failure(self, params: _Params) -> None:
        details = params["failureDetails"]
        self._answer(
            params["jobId"], Result(False, details["message"], details.get("externalExecutionId", ""))
        )

    def _answer(self, job_id: str, result: Result) -> None:
        try:
            self._jobs.answer(job_id, result)
        except JobNotFound as error:
            raise Refused("JobNotFoundException", f"no job {job_id} waits for an answer") from error

    def _start(self, params: _Params) -> _Answer:
        pipeline = self._pipeline(params["name"])
        given = [each["revisionValue"] for each in params.get("sourceRevisions", [])]
        revision = given[0] if given else self._engine.newest(pipeline)
        if not revision:
            raise Refused("InvalidStructureException", "the source object is not there")
        return {
            "pipelineExecutionId": self._engine.start(pipeline, revision, trigger="StartPipelineExecution").id
        }

    def _state(self, params: _Params) -> _Answer:
        pipeline = self._pipeline(params["name"])
        return views.state(pipeline, self._records.of(pipeline.name))

    def _executions(self, params: _Params) -> _Answer:
        pipeline = self._pipeline(params["pipelineName"])
        most = params.get("maxResults", 100)
        return views.executions(pipeline, self._records.of(pipeline.name)[:most])

    def _execution(self, params: _Params) -> _Answer:
        pipeline = self._pipeline(params["pipelineName"])
        return views.execution(pipeline, self._found(pipeline, params["pipelineExecutionId"]))

    def _action_executions(self, params: _Params) -> _Answer:
        pipeline = self._pipeline(params["pipelineName"])
        wanted = params.get("filter", {}).get("pipelineExecutionId")
        known = [self._found(pipeline, wanted)] if wanted else self._records.of(pipeline.name)
        return views.action_executions(known)

    def _pipeline(self, name: str) -> Pipeline:
        try:
            return self._engine.pipelines()[name]
        except KeyError as error:
            raise Refused("PipelineNotFoundException", f"there is no pipeline {name}") from error

    def _found(self, pipeline: Pipeline, execution_id: str) -> Execution:
        for each in self._records.of(pipeline.name):
            if each.id == execution_id:
                return each
        raise Refused("PipelineExecutionNotFoundException", f"there is no execution {execution_id}")
