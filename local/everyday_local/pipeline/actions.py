"""How each kind of action runs. Artifacts are zips in the pipeline's bucket, as CodePipeline keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec

from everyday_local.ministack import ACCOUNT, CREDENTIALS
from everyday_local.pipeline.building import BuildFailed, build
from everyday_local.pipeline.definitions import Action, Pipeline
from everyday_local.pipeline.jobs import Jobs, Result

_AFTERWARDS_SECONDS = 5.0  # an answer that is on its way when the function has ended


class Stored(msgspec.Struct, frozen=True):
    """Where an artifact is. `revision`: of the source that it comes from."""

    key: str
    revision: str


class Outcome(msgspec.Struct, frozen=True):
    """How an action ended."""

    ok: bool
    summary: str = ""
    error: str = ""
    external_id: str = ""
    variables: Mapping[str, str] = {}


@dataclass(frozen=True)
class Run:
    """One execution under way: its pipeline, the version of its source, and the artifacts made so far."""

    pipeline: Pipeline
    revision: str
    artifacts: dict[str, Stored]

    @property
    def bucket(self) -> str:
        return self.pipeline.artifact_store.location

    def new_key(self, name: str) -> str:
        """CodePipeline's own form: pipeline, artifact (both cut to 20 characters), something random."""
        return f"{self.pipeline.name[:20]}/{name[:20]}/{uuid4().hex[:7]}"


class Actions:
    """Runs single actions. `clients` make boto3 clients of the local AWS by a service's name."""

    def __init__(self, clients: Any, jobs: Jobs) -> None:
        self._s3, self._lambda, self._codebuild = clients("s3"), clients("lambda"), clients("codebuild")
        self._jobs = jobs

    def run(self, action: Action, run: Run) -> Outcome:
        """Run one action to its end; a provider that the stand-in has not is a failure that says so."""
        kind = (action.action_type_id.category, action.action_type_id.provider)
        if kind == ("Source", "S3"):
            return self._source(action, run)
        if kind in {("Build", "CodeBuild"), ("Test", "CodeBuild")}:
            return self._build(action, run)
        if kind == ("Invoke", "Lambda"):
            return self._invoke(action, run)
        return Outcome(False, error=f"the stand-in has no action {'/'.join(kind)}")

    def newest(self, action: Action) -> str | None:
        """The version of a source's object that is newest now, None when there is no object."""
        place = _object_of(action)
        try:
            return str(self._s3.head_object(**place).get("VersionId", ""))
        except self._s3.exceptions.ClientError:
            return None

    def _source(self, action: Action, run: Run) -> Outcome:
        place = _object_of(action)
        key = run.new_key(action.output_artifacts[0].name)
        found = self._s3.get_object(**place, VersionId=run.revision)
        self._s3.put_object(Bucket=run.bucket, Key=key, Body=found["Body"].read())
        run.artifacts[action.output_artifacts[0].name] = Stored(key, run.revision)
        return Outcome(True, f"Amazon S3 version id: {run.revision}", variables={"VersionId": run.revision})

    def _build(self, action: Action, run: Run) -> Outcome:
        name = action.configuration["ProjectName"]
        project = self._codebuild.batch_get_projects(names=[name])["projects"][0]
        given = run.artifacts[action.input_artifacts[0].name]
        body = self._s3.get_object(Bucket=run.bucket, Key=given.key)["Body"].read()
        try:
            made = build(project, body)
        except BuildFailed as error:
            return Outcome(False, error=str(error))
        for artifact in action.output_artifacts:
            key = run.new_key(artifact.name)
            self._s3.put_object(Bucket=run.bucket, Key=key, Body=made)
            run.artifacts[artifact.name] = Stored(key, given.revision)
        return Outcome(True, "Build succeeded")

    def _invoke(self, action: Action, run: Run) -> Outcome:
        """Called again as long as the function answers with a continuation token."""
        token = ""
        while True:
            result = self._invoke_once(action, run, token)
            if not (result.ok and result.continuation):
                return _outcome(result)
            token = result.continuation

    def _invoke_once(self, action: Action, run: Run, token: str) -> Result:
        """AWS calls the function asynchronously, and waits up to an hour for one that died. Here its end is
        seen, and a function that ended without an answer has failed."""
        job_id = self._jobs.begin()
        answer = self._lambda.invoke(
            FunctionName=action.configuration["FunctionName"],
            Payload=msgspec.json.encode({"CodePipeline.job": _job(job_id, action, run, token)}),
        )
        error = answer["Payload"].read() if answer.get("FunctionError") else b""
        result = self._jobs.wait(job_id, _AFTERWARDS_SECONDS)
        return result or Result(False, f"the function ended without an answer for its job {error.decode()}")


def _outcome(result: Result) -> Outcome:
    if result.ok:
        return Outcome(True, result.message, "", result.external_id, result.variables)
    return Outcome(False, error=result.message, external_id=result.external_id)


def _object_of(action: Action) -> dict[str, str]:
    return {"Bucket": action.configuration["S3Bucket"], "Key": action.configuration["S3ObjectKey"]}


def _job(job_id: str, action: Action, run: Run, token: str) -> dict[str, Any]:
    """The job document of the CodePipeline user guide, «Invoke an AWS Lambda function in a pipeline»."""
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": dict(action.configuration)},
        "inputArtifacts": [_artifact(each.name, run) for each in action.input_artifacts],
        "outputArtifacts": [],
        "artifactCredentials": {
            "accessKeyId": CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "secretAccessKey": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            "sessionToken": "local",
        },
    }
    if token:
        data["continuationToken"] = token
    return {"id": job_id, "accountId": ACCOUNT, "data": data}


def _artifact(name: str, run: Run) -> dict[str, Any]:
    stored = run.artifacts[name]
    place = {"bucketName": run.bucket, "objectKey": stored.key}
    return {"name": name, "revision": stored.revision, "location": {"type": "S3", "s3Location": place}}
