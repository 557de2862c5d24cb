"""Runs executions: one thread for each pipeline, so that a pipeline runs one execution at a time."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from everyday_local.pipeline.actions import Actions, Outcome, Run
from everyday_local.pipeline.definitions import Action, Pipeline, deployed
from everyday_local.pipeline.events import Tell
from everyday_local.pipeline.records import ActionRun, Execution, Records

_LOOK_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Engine:
    """All pipelines. `clock` returns now, aware."""

    def __init__(
        self, ssm: Any, actions: Actions, records: Records, tell: Tell, clock: Callable[[], datetime]
    ) -> None:
        self._ssm, self._actions, self._records = ssm, actions, records
        self._tell, self._clock = tell, clock
        self._lock = threading.Condition()
        self._seen: dict[str, str] = {}
        self._waiting: dict[str, Execution] = {}
        self._busy: set[str] = set()
        self._cut = list(records.unfinished())
        for cut in self._cut:
            self._end(cut, ok=False, summary="the stand-in was ended in the middle of it")

    def pipelines(self) -> dict[str, Pipeline]:
        """What is deployed now."""
        return deployed(self._ssm)

    def watch(self, ended: threading.Event) -> None:
        """Begin an execution for each new version of a source, until told to end."""
        while not ended.wait(_LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the next look comes in any case
                _log.exception("looking for new sources")

    def settle(self, seconds: float) -> bool:
        """Wait until nothing runs; False when something still does after that time."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._busy, seconds)

    def look(self) -> None:
        """Begin an execution for each source whose newest version is not known yet."""
        for pipeline in self.pipelines().values():
            revision = self.newest(pipeline)
            known = self._seen.get(pipeline.name) or self._last(pipeline.name)
            if revision and revision != known:
                self.start(pipeline, revision, trigger="CloudWatchEvent")

    def start(self, pipeline: Pipeline, revision: str, *, trigger: str) -> Execution:
        """A new execution. One that is waiting already is superseded, as in CodePipeline."""
        now = self._clock()
        execution = Execution(
            id=str(uuid4()),
            pipeline=pipeline.name,
            revision=revision,
            trigger=trigger,
            status="InProgress",
            started=now,
            updated=now,
        )
        with self._lock:
            self._seen[pipeline.name] = revision
            older = self._waiting.get(pipeline.name)
            self._waiting[pipeline.name] = execution
            idle = pipeline.name not in self._busy
            self._busy.add(pipeline.name)
        self._records.add(execution)
        if older:
            self._supersede(older)
        if idle:
            threading.Thread(target=self._drain, args=(pipeline,), name=pipeline.name, daemon=True).start()
        return execution

    def newest(self, pipeline: Pipeline) -> str | None:
        """The newest version of its source."""
        return self._actions.newest(pipeline.source())

    def _last(self, name: str) -> str:
        known = self._records.of(name)
        return known[0].revision if known and known[0] not in self._cut else ""

    def _drain(self, pipeline: Pipeline) -> None:
        while execution := self._next(pipeline.name):
            self._run(pipeline, execution)

    def _next(self, name: str) -> Execution | None:
        with self._lock:
            execution = self._waiting.pop(name, None)
            if execution is None:
                self._busy.discard(name)
                self._lock.notify_all()
            return execution

    def _run(self, pipeline: Pipeline, execution: Execution) -> None:
        self._tell.execution(execution, "STARTED")
        run = Run(pipeline, execution.revision, {})
        for stage in pipeline.stages:
            self._tell.stage(execution, stage.name, "STARTED")
            for action in stage.in_order():
                outcome = self._act(stage.name, action, run, execution)
                if not outcome.ok:
                    self._tell.stage(execution, stage.name, "FAILED")
                    self._end(execution, ok=False, summary=f"{action.name}: {outcome.error}")
                    return
            self._tell.stage(execution, stage.name, "SUCCEEDED")
        self._end(execution, ok=True)

    def _act(self, stage: str, action: Action, run: Run, execution: Execution) -> Outcome:
        noted = ActionRun(
            id=str(uuid4()), stage=stage, action=action.name, status="InProgress", started=self._clock()
        )
        execution.actions.append(noted)
        self._tell.action(execution, noted, "STARTED")
        self._touch(execution)
        try:
            outcome = self._actions.run(action, run)
        except Exception as error:  # noqa: BLE001 - whatever it was, the execution ends and says it
            _log.exception("%s of %s", action.name, run.pipeline.name)
            outcome = Outcome(False, error=f"{type(error).__name__}: {error}")
        noted.status = "Succeeded" if outcome.ok else "Failed"
        noted.ended, noted.summary, noted.error = self._clock(), outcome.summary, outcome.error
        noted.external_id, noted.variables = outcome.external_id, outcome.variables
        self._tell.action(execution, noted, noted.status.upper())
        self._touch(execution)
        return outcome

    def _end(self, execution: Execution, *, ok: bool, summary: str = "") -> None:
        execution.status, execution.summary = "Succeeded" if ok else "Failed", summary
        self._touch(execution)
        self._tell.execution(execution, execution.status.upper())

    def _supersede(self, execution: Execution) -> None:
        execution.status = "Superseded"
        self._touch(execution)
        self._tell.execution(execution, "SUPERSEDED")

    def _touch(self, execution: Execution) -> None:
        execution.updated = self._clock()
        with suppress(OSError):  # a full disk must not stop the pipeline
            self._records.changed()
