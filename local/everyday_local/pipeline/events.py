"""What CodePipeline tells EventBridge: executions, stages and actions that begin and end.

The detail's members are those of the CodePipeline user guide, «Monitoring CodePipeline events».
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from everyday_local.ministack import ACCOUNT, REGION
from everyday_local.pipeline.records import ActionRun, Execution

SOURCE = "everyday.codepipeline"


class Tell:
    """Sends the events of executions to `send`, one after another."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send

    def execution(self, execution: Execution, state: str) -> None:
        told = {"additionalAttributes": {"failedActions": _failed(execution)}} if state == "FAILED" else {}
        self._post("Pipeline", execution, state, told)

    def stage(self, execution: Execution, stage: str, state: str) -> None:
        self._post("Stage", execution, state, {"stage": stage})

    def action(self, execution: Execution, run: ActionRun, state: str) -> None:
        result = {"external-execution-summary": run.error or run.summary, "error-code": "JobFailed"}
        told = {"stage": run.stage, "action": run.action, "region": REGION}
        self._post("Action", execution, state, told | ({"execution-result": result} if run.error else {}))

    def _post(self, what: str, execution: Execution, state: str, told: Mapping[str, Any]) -> None:
        detail = {
            "pipeline": execution.pipeline,
            "execution-id": execution.id,
            "state": state,
            "version": 1,
            **told,
        }
        self._send(
            {
                "id": str(uuid4()),
                "detail-type": f"CodePipeline {what} Execution State Change",
                "source": SOURCE,
                "account": ACCOUNT,
                "region": REGION,
                "time": execution.updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "resources": [f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{execution.pipeline}"],
                "detail": detail,
            }
        )


def _failed(execution: Execution) -> list[dict[str, str]]:
    failed = (each for each in execution.actions if each.status == "Failed")
    return [{"action": each.action, "additionalInformation": each.error} for each in failed]
