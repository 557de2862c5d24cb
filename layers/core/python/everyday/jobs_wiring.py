"""The composition root of `jobs`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda. Apart from the other capabilities' because a
function that starts imports all of it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from everyday.clients import client, default_session, new_id, now
from everyday.errors import SettingsError
from everyday.settings import ClusterSettings, IngestSettings, SchedulerSettings

if TYPE_CHECKING:
    import boto3
    import redis

    from everyday.adapters.jobs_queue import SqsJobs
    from everyday.adapters.valkey.state import ValkeyState
    from everyday.jobs.desk import Desk
    from everyday.jobs.ingest import Inbox
    from everyday.jobs.plan import Rules
    from everyday.jobs.ports import DeadLetters, Ecs, Fleet, Ledger, Wakes
    from everyday.jobs.scheduling import Scheduler
    from everyday.jobs.snapshot import Snapshotter
    from everyday.jobs.tracking import Tracker

_THREADS = 16


def ingest(settings: IngestSettings, session: "boto3.Session | None" = None) -> "Inbox":
    """Takes in what comes to the stage's job queue."""
    from everyday.jobs.ingest import Inbox, Intake

    return Inbox(
        ledger=ledger(settings, session),
        definition=ecs(settings, session).task_definition,
        wakes=wakes(settings, session),
        dead_letters=dead_letters(settings.dead_letters_url, session),
        clock=now,
        new_id=new_id,
        intake=Intake(settings.clusters, settings.families, settings.class_step_seconds * 1000),
    )


def desk(settings: IngestSettings | ClusterSettings, session: "boto3.Session | None" = None) -> "Desk":
    """The owner's verbs on the stage's jobs."""
    from everyday.jobs.desk import Desk

    return Desk(ledger(settings, session), wakes(settings, session), now, new_id)


def scheduler(settings: SchedulerSettings, session: "boto3.Session | None" = None) -> "Scheduler":
    """Runs passes over the stage's clusters. Raises SettingsError."""
    from everyday.adapters.events_queue import SqsRebuilds
    from everyday.jobs.answers import Asker
    from everyday.jobs.issuing import Issuer
    from everyday.jobs.scale import Scaling
    from everyday.jobs.scheduling import Scheduler

    rules = rules_of(settings)
    session = session or default_session()
    tracker = _tracker(settings, session, hurried=True)
    known = state(settings, session)
    letters = dead_letters(settings.dead_letters_url, session)
    asker = Asker(tracker=tracker, state=known, dead_letters=letters)
    return Scheduler(
        ledger=tracker.ledger,
        state=known,
        issuer=Issuer(asker=asker, new_id=new_id),
        scaling=Scaling(fleet(settings, session)),
        wakes=wakes(settings, session),
        rebuilds=SqsRebuilds(client(session, "sqs"), settings.events_queue_url),
        clock=now,
        rules=rules,
        waiting_limit=settings.waiting_limit,
    )


def snapshotter(settings: ClusterSettings, session: "boto3.Session | None" = None) -> "Snapshotter":
    """Keeps what is known of the stage's clusters true."""
    from everyday.jobs.snapshot import Snapshotter

    session = session or default_session()
    return Snapshotter(
        tracker=_tracker(settings, session),
        state=state(settings, session),
        wakes=wakes(settings, session),
    )


def rules_of(settings: SchedulerSettings) -> "Rules":
    """How waiting jobs compete. Raises SettingsError naming the variable."""
    from everyday.jobs.model import JobClass
    from everyday.jobs.plan import ClassPolicy, Rules

    try:
        policies = dict(zip(JobClass, map(ClassPolicy, settings.policies), strict=True))
        weights = {queue: int(weight) for queue, weight in _pairs(settings.weights).items()}
    except ValueError as error:
        raise SettingsError(
            f"POLICIES names what happens to high, normal and low, WEIGHTS are `queue=weight`: {error}"
        ) from error
    return Rules(
        policies=policies,
        weights=weights,
        fairness=settings.fairness_seconds * 1000,
        starve_after=settings.starve_after_seconds * 1000,
    )


def fleet(settings: SchedulerSettings, session: "boto3.Session | None" = None) -> "Fleet | None":
    """The machines that could be had; None when the clusters' size is somebody else's affair."""
    if not settings.groups:
        return None
    from everyday.adapters.fleet import AutoScalingFleet

    scaling = client(session, "autoscaling", hurried=True)
    return AutoScalingFleet(scaling, lambda: client(session, "ec2", hurried=True), _pairs(settings.groups))


def ledger(settings: IngestSettings | ClusterSettings, session: "boto3.Session | None" = None) -> "Ledger":
    """The stage's ledger."""
    from everyday.adapters.dynamo_ledger import DynamoLedger

    dynamodb = client(session, "dynamodb", connections=_THREADS)
    return DynamoLedger(dynamodb, settings.jobs_table, keep_days=settings.keep_days)


def job_queue(url: str, session: "boto3.Session | None" = None) -> "SqsJobs":
    """The stage's job queue, for whoever submits."""
    from everyday.adapters.jobs_queue import SqsJobs

    return SqsJobs(client(session, "sqs"), url)


def wakes(settings: IngestSettings | ClusterSettings, session: "boto3.Session | None" = None) -> "Wakes":
    """The stage's wake queue."""
    from everyday.adapters.jobs_queue import SqsWakes

    return SqsWakes(client(session, "sqs"), settings.wake_queue_url)


def dead_letters(url: str, session: "boto3.Session | None" = None) -> "DeadLetters":
    """The stage's dead letters."""
    from everyday.adapters.jobs_queue import SqsDeadLetters

    return SqsDeadLetters(client(session, "sqs"), url)


def ecs(
    settings: IngestSettings | ClusterSettings,
    session: "boto3.Session | None" = None,
    *,
    hurried: bool = False,
) -> "Ecs":
    """The container service."""
    from everyday.adapters.ecs import BotoEcs

    return BotoEcs(client(session, "ecs", url=settings.ecs_url, hurried=hurried))


def state(settings: ClusterSettings, session: "boto3.Session | None" = None) -> "ValkeyState":
    """What is known of the stage's clusters. The password is read when the first call needs it."""
    from everyday.adapters.secrets import SecretsManagerSecrets
    from everyday.adapters.valkey.server import Server, connect
    from everyday.adapters.valkey.state import ValkeyState

    def connected() -> "redis.Redis":
        secret = settings.state_secret
        found = SecretsManagerSecrets(client(session, "secretsmanager")).get(secret) if secret else {}
        return connect(settings.state_url, found.get("password"))

    return ValkeyState(Server(connected))


def _tracker(
    settings: ClusterSettings, session: "boto3.Session | None", *, hurried: bool = False
) -> "Tracker":
    from everyday.jobs.tracking import Tracker

    service = ecs(settings, session, hurried=hurried)
    return Tracker(ledger=ledger(settings, session), ecs=service, clock=now)


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    """`name=value` each."""
    return {name: value for name, _, value in (text.partition("=") for text in texts)}
