"""The composition root of `jobs`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda. Apart from the other capabilities' because a
function that starts imports all of it.
"""

from typing import TYPE_CHECKING

from everyday.clients import client, new_id, now
from everyday.settings import ClusterSettings, IngestSettings

if TYPE_CHECKING:
    import boto3
    import redis

    from everyday.adapters.jobs_queue import SqsJobs
    from everyday.adapters.valkey.state import ValkeyState
    from everyday.jobs.desk import Desk
    from everyday.jobs.ingest import Inbox
    from everyday.jobs.ports import DeadLetters, Ecs, Ledger, Wakes

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


def ecs(settings: IngestSettings | ClusterSettings, session: "boto3.Session | None" = None) -> "Ecs":
    """The container service."""
    from everyday.adapters.ecs import BotoEcs

    return BotoEcs(client(session, "ecs", url=settings.ecs_url))


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
