"""Where a command works: on AWS, or on this machine when local mode is up."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from everyday.errors import EverydayError

if TYPE_CHECKING:
    import boto3

_DEPLOY = {"aws": "make deploy", "local": "everyday local up"}
_SWITCHED_ON = {
    "EverydayJobs": "set enabled = true under [jobs] in everyday.toml and ",
    "EverydayCloudtop": "set enabled = true under [cloudtop] in everyday.toml and ",
}


class StageError(EverydayError):
    """The stage cannot be used: nothing deployed, no credentials, no region, or local mode is down."""


@dataclass(frozen=True)
class Stage:
    """One deployment. `session` makes clients that speak to it."""

    name: str
    session: "boto3.Session"

    @cached_property
    def data(self) -> Mapping[str, str]:
        """Outputs of the stack that keeps everything."""
        return self.outputs("EverydayData")

    @cached_property
    def photos(self) -> Mapping[str, str]:
        """Outputs of the stack of `photos`."""
        return self.outputs("EverydayPhotos")

    @cached_property
    def jobs(self) -> Mapping[str, str]:
        """Outputs of the stack of `jobs`."""
        return self.outputs("EverydayJobs")

    def environment(self, function: str) -> dict[str, str]:
        """The settings of a deployed function, so that a command does exactly what the function does."""
        answer = self.session.client("lambda").get_function_configuration(FunctionName=function)
        return dict(answer.get("Environment", {}).get("Variables", {}))

    def outputs(self, stack: str) -> Mapping[str, str]:
        """A stack's outputs by name. Raises StageError that says what to do."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self.session.client("cloudformation").describe_stacks(StackName=stack)
        except (BotoCoreError, ClientError) as error:
            raise StageError(self._advice(stack, error)) from error
        found = answer["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def _advice(self, stack: str, error: Exception) -> str:
        if "does not exist" in str(error):
            if (stack, self.name) == ("EverydayCloudtop", "local"):
                return "local mode has no CloudTop; on your account: --stage aws"
            first = _SWITCHED_ON.get(stack, "") if self.name == "aws" else ""
            return (
                f"{stack} is not deployed in stage {self.name}; {first}deploy it with: {_DEPLOY[self.name]}"
            )
        if self.name == "local":
            return f"the local AWS did not answer ({error}); try: everyday local status"
        return (
            f"AWS did not answer as needed: {error}. Check `aws sts get-caller-identity`, "
            "or use local mode: everyday local up"
        )


def resolve(name: str | None) -> Stage:
    """The stage of that name; by default `local` when local mode is up, else `aws`. Raises StageError."""
    from everyday_local.address import local_endpoint

    endpoint = None if name == "aws" else local_endpoint()
    if endpoint:
        from everyday_local.aws import local_session

        return Stage("local", local_session(endpoint))
    if name == "local":
        raise StageError("local mode is not up; start it with: everyday local up")
    return Stage("aws", _aws_session())


def _aws_session() -> "boto3.Session":
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.Session(region_name=_deployed_region())
    except BotoCoreError as error:
        raise StageError(f"the AWS configuration of this shell cannot be used: {error}") from error
    if not session.region_name:
        raise StageError("no AWS region is chosen; set AWS_REGION, or start in the folder of everyday.toml")
    return session


def _deployed_region() -> str | None:
    """The region of everyday.toml: it is where everything was deployed, whatever the shell says."""
    settings = Path("everyday.toml")
    if not settings.exists():
        return None
    from stacks.config import load

    return load(settings).everyday.region
