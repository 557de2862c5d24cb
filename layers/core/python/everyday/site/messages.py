"""What CodePipeline sends to `site_publish`: a job of the pipeline's last step.

The shape is the one of the CodePipeline user guide, «Invoke an AWS Lambda function in a pipeline».
"""

from typing import Any, NamedTuple

import msgspec

from everyday.errors import InvalidMessageError
from everyday.record import Record


class Credentials(Record, frozen=True, rename="camel"):
    """Of CodePipeline, for this job's artifacts only and for a short time."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def __repr__(self) -> str:
        return "Credentials(…)"


class Artifact(Record, frozen=True, kw_only=True):
    """A zip in the pipeline's bucket. `revision`: of the source it comes from, if CodePipeline says."""

    bucket: str
    key: str
    credentials: Credentials
    revision: str | None = None


class Waiting(Record, frozen=True):
    """What a run tells the next one of the same job: the release that is published and not yet confirmed, the
    invalidation that belongs to it, and how many runs have looked for it."""

    release: str
    runs: int
    invalidation: str | None = None


class Order(NamedTuple):
    """What a job asks for. `waiting`: an earlier run of it has published."""

    site: str
    artifact: Artifact
    waiting: Waiting | None = None


class PipelineJob(NamedTuple):
    """A job that waits for an answer. `order` None: it cannot be done, for this `reason`."""

    id: str
    order: Order | None
    reason: str = ""


class _Place(msgspec.Struct, rename="camel"):
    bucket_name: str
    object_key: str


class _Location(msgspec.Struct, rename="camel"):
    s3_location: _Place = msgspec.field(name="s3Location")


class _Input(msgspec.Struct):
    location: _Location
    revision: str | None = None


class _Parameters(msgspec.Struct):
    site: str


class _Configuration(msgspec.Struct):
    user_parameters: str = msgspec.field(name="UserParameters")


class _Action(msgspec.Struct):
    configuration: _Configuration


class _Data(msgspec.Struct, rename="camel"):
    action_configuration: _Action
    input_artifacts: tuple[_Input]
    artifact_credentials: Credentials
    continuation_token: str | None = None


class _Job(msgspec.Struct):
    id: str
    data: Any = None


class _Event(msgspec.Struct):
    job: _Job = msgspec.field(name="CodePipeline.job")


def parse_job(event: Any) -> PipelineJob:
    """Read a job. Raises InvalidMessageError when it is none: there is nobody to answer then."""
    try:
        job = msgspec.convert(event, _Event).job
    except msgspec.ValidationError as error:
        raise InvalidMessageError(f"not a job of CodePipeline: {error}") from error
    try:
        return PipelineJob(job.id, _order(msgspec.convert(job.data, _Data)))
    except msgspec.DecodeError as error:
        return PipelineJob(job.id, None, f"the action is not set up as the stack does it: {error}")


def continuation(waiting: Waiting) -> str:
    """What CodePipeline hands to the next run, which `parse_job` reads."""
    return msgspec.json.encode(waiting).decode()


def _order(data: _Data) -> Order:
    given, token = data.input_artifacts[0], data.continuation_token
    place = given.location.s3_location
    return Order(
        site=msgspec.json.decode(
            data.action_configuration.configuration.user_parameters, type=_Parameters
        ).site,
        artifact=Artifact(
            bucket=place.bucket_name,
            key=place.object_key,
            credentials=data.artifact_credentials,
            revision=given.revision,
        ),
        waiting=msgspec.json.decode(token, type=Waiting) if token else None,
    )
