"""Pipelines and executions as CodePipeline shows them."""

from collections.abc import Iterable, Sequence
from typing import Any

from everyday_local.pipeline.definitions import Pipeline, Stage
from everyday_local.pipeline.records import ActionRun, Execution

_View = dict[str, Any]


def pipelines(known: Iterable[Pipeline]) -> _View:
    """ListPipelines."""
    names = ({"name": each.name, "version": 1, "pipelineType": each.pipeline_type} for each in known)
    return {"pipelines": sorted(names, key=lambda each: str(each["name"]))}


def executions(pipeline: Pipeline, known: Sequence[Execution]) -> _View:
    """ListPipelineExecutions."""
    return {"pipelineExecutionSummaries": [_summary(pipeline, each) for each in known]}


def execution(pipeline: Pipeline, found: Execution) -> _View:
    """GetPipelineExecution."""
    told = {
        **_common(pipeline, found),
        "pipelineName": pipeline.name,
        "pipelineVersion": 1,
        "artifactRevisions": [
            {"name": each.name, "revisionId": found.revision, "revisionSummary": _version(found)}
            for each in pipeline.source().output_artifacts
        ],
    }
    return {"pipelineExecution": told}


def action_executions(known: Sequence[Execution]) -> _View:
    """ListActionExecutions, newest first."""
    return {
        "actionExecutionDetails": [_action(each, run) for each in known for run in reversed(each.actions)]
    }


def state(pipeline: Pipeline, known: Sequence[Execution]) -> _View:
    """GetPipelineState: each stage as the newest execution that reached it left it."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": 1,
        "stageStates": [_stage_state(stage, known) for stage in pipeline.stages],
    }


def _stage_state(stage: Stage, known: Sequence[Execution]) -> _View:
    newest = next((each for each in known if any(run.stage == stage.name for run in each.actions)), None)
    if newest is None:
        return {
            "stageName": stage.name,
            "actionStates": [{"actionName": each.name} for each in stage.actions],
        }
    runs = [run for run in newest.actions if run.stage == stage.name]
    failed = next((run.status for run in runs if run.status != "Succeeded"), None)
    status = failed or ("Succeeded" if len(runs) == len(stage.actions) else "InProgress")
    return {
        "stageName": stage.name,
        "latestExecution": {"pipelineExecutionId": newest.id, "status": status},
        "actionStates": [{"actionName": run.action, "latestExecution": _action_state(run)} for run in runs],
    }


def _action_state(run: ActionRun) -> _View:
    told: _View = {
        "actionExecutionId": run.id,
        "status": run.status,
        "summary": run.summary,
        "lastStatusChange": run.ended or run.started,
    }
    return told | ({"errorDetails": _error(run)} if run.error else {})


def _common(pipeline: Pipeline, found: Execution) -> _View:
    return {
        "pipelineExecutionId": found.id,
        "status": found.status,
        "statusSummary": found.summary,
        "trigger": {"triggerType": found.trigger, "triggerDetail": ""},
        "executionMode": pipeline.execution_mode,
        "executionType": "STANDARD",
    }


def _summary(pipeline: Pipeline, found: Execution) -> _View:
    return {
        **_common(pipeline, found),
        "startTime": found.started,
        "lastUpdateTime": found.updated,
        "sourceRevisions": [
            {
                "actionName": pipeline.source().name,
                "revisionId": found.revision,
                "revisionSummary": _version(found),
            }
        ],
    }


def _version(found: Execution) -> str:
    return f"Amazon S3 version id: {found.revision}"


def _action(found: Execution, run: ActionRun) -> _View:
    result: _View = {"externalExecutionId": run.external_id, "externalExecutionSummary": run.summary}
    if run.error:
        result |= {"externalExecutionSummary": run.error, "errorDetails": _error(run)}
    return {
        "pipelineExecutionId": found.id,
        "actionExecutionId": run.id,
        "pipelineVersion": 1,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": run.started,
        "lastUpdateTime": run.ended or run.started,
        "status": run.status,
        "output": {"executionResult": result, "outputVariables": dict(run.variables)},
    }


def _error(run: ActionRun) -> _View:
    return {"code": "JobFailed", "message": run.error}
