"""The use case behind the events queue: the state and the ledger follow what ECS tells."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from everyday.errors import EcsError, LedgerUnavailable, StateUnavailable, Unavailable
from everyday.jobs.ecs_events import EventBatch, Told
from everyday.jobs.messages import FAMILY_GROUP
from everyday.jobs.model import ContainerInstance, Task
from everyday.jobs.ports import ClusterState, Wakes
from everyday.jobs.repairing import Reading, Repair, Repaired, ends_at, named
from everyday.jobs.tracking import Tracker, Whose, milliseconds

log = logging.getLogger(__name__)

_FOREIGN = Whose(None, expected=True)
"""Of a task that is none of ours: nobody here may stop it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshotter:
    """Keeps what is known of clusters true. Messages may be lost, doubled and out of order."""

    tracker: Tracker
    state: ClusterState
    wakes: Wakes

    def apply(self, batch: EventBatch) -> Sequence[str]:
        """Take the messages in, and ask for one pass over each cluster where something may start now.

        Returns the ids of the messages that must come back; those that nobody can read come back too, until
        the queue gives them up and the owner is told.
        """
        failed = [message_id for message_id, _ in batch.unreadable]
        for message_id, reason in batch.unreadable:
            log.error("event refused", extra={"message_id": message_id, "reason": reason})
        changed: dict[str, list[str]] = {}
        for each in batch.told:
            try:
                if self._applied(each):
                    changed.setdefault(each.cluster, []).append(each.message_id)
            except (Unavailable, EcsError):
                log.exception("event not applied", extra={"cluster": each.cluster, "event": each.message_id})
                failed.append(each.message_id)
        for cluster, ids in changed.items():
            failed += self._woken(cluster, ids)
        return failed

    def reconcile(self, cluster: str) -> None:
        """Read the whole cluster, publish it in one step, and repair what the ledger missed.

        Without the state the ledger is repaired all the same. Raises Unavailable when a part of the reading
        failed: then nothing of it is published.
        """
        ticket, lost = self._ticket(cluster)
        began = milliseconds(self.tracker.clock)
        reading = Reading.of(self.tracker.ecs, cluster)
        repaired = Repair(self.tracker, cluster, reading).run()
        if lost:
            raise lost
        self.state.replace(
            cluster,
            ticket,
            reading.instances,
            repaired.tasks,
            repaired.placing,
            now=began,
            ends_at=repaired.ends_at,
        )
        log.info("cluster read", extra={"cluster": cluster, "report": _counts(reading, repaired)})

    def _applied(self, told: Told) -> bool:
        """Whether something may start now that could not before."""
        match told.change:
            case Task():
                return self._task(told.cluster, told.change)
            case ContainerInstance():
                return self.state.put_instance(told.cluster, told.change).freed
            case None:
                return self._asked(told)

    def _asked(self, told: Told) -> bool:
        """A reading that began after it was asked for answers the request, whoever else asked."""
        if told.sent_at:
            try:
                view = self.state.view(told.cluster)
            except StateUnavailable:
                view = None
            if view is not None and view.as_of > told.sent_at:
                return False
        self.reconcile(told.cluster)
        return True

    def _task(self, cluster: str, task: Task) -> bool:
        """The ledger first: it follows even when the state is away, and the event comes back for that."""
        whose = self.tracker.whose(task) if task.group == FAMILY_GROUP else _FOREIGN
        job = self.tracker.follow(cluster, whose.owner, task) if whose.owner else None
        if not whose.owner and not whose.expected:
            self.tracker.stop(cluster, task, "no job is known that it was started for")
        freed = self.state.put_task(cluster, named(task, whose.owner), ends_at=ends_at(job, self._now()))
        if task.stopped and whose.expected and not whose.owner and whose is not _FOREIGN:
            raise LedgerUnavailable(f"which job of its call {task.arn} ends is not known yet")
        return freed.freed or (job is not None and (task.stopped or job.ending is not None))

    def _woken(self, cluster: str, message_ids: list[str]) -> list[str]:
        """The messages that must come back because nobody could be woken for them."""
        try:
            self.wakes.wake(cluster, self.state.wake_id(cluster))
        except Unavailable:
            log.exception("no pass asked for", extra={"cluster": cluster})
            return message_ids
        return []

    def _ticket(self, cluster: str) -> tuple[int, StateUnavailable | None]:
        try:
            return self.state.begin_rebuild(cluster), None
        except StateUnavailable as error:
            return 0, error

    def _now(self) -> int:
        return milliseconds(self.tracker.clock)


def _counts(reading: Reading, repaired: Repaired) -> dict[str, int]:
    return {
        "instances": len(reading.instances),
        "tasks": len(reading.tasks),
        "placing": len(repaired.placing),
        "repaired": repaired.changed,
    }
