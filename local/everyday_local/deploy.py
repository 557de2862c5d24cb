"""The real `cdk deploy`, to the local AWS; skipped when nothing it is made of has changed."""

import shutil
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from everyday_local import inputs
from everyday_local.aws import local_session
from everyday_local.errors import LocalError
from everyday_local.folder import PROJECT, Folder
from everyday_local.ministack import ACCOUNT, CREDENTIALS, REGION, no_owner_files
from everyday_local.processes import Processes

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient

_CDK = PROJECT / "node_modules" / ".bin" / "cdk"
_SYNTH_SECONDS = 300.0
_DEPLOY_SECONDS = 600.0
_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_DEPLOYED_PARAMETER = "/everyday/local/deployed"
_DELETE_SECONDS = 60.0
_LOOK_SECONDS = 0.5


class Deployment:
    """The stacks in one folder's local AWS.

    What was deployed is remembered inside the local AWS itself, so the two can never disagree.
    """

    def __init__(
        self, folder: Folder, processes: Processes, *, endpoint: str, context: Mapping[str, str]
    ) -> None:
        self._processes = processes
        self._endpoint = endpoint
        self._context = {"stage": "local", **context}
        self._output = folder.path / "cdk.out"
        self._environment = {
            **folder.environment(),
            **CREDENTIALS,
            **no_owner_files(),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ENDPOINT_URL_S3": endpoint,
            "CI": "1",
            # The library's template validation is half of every synth; the test suite runs it.
            "CDK_VALIDATION": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "NODE_NO_WARNINGS": "1",
            # Unpacked once for the checkout, not once for each folder of local mode.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PROJECT / ".everyday" / "jsii"),
        }
        self._session = local_session(endpoint)

    @cached_property
    def digest(self) -> str:
        """Of everything the deploy is made of."""
        return inputs.digest(PROJECT, self._context)

    def current(self) -> bool:
        """Whether the local AWS holds exactly this, whole."""
        return self._parameter(_DEPLOYED_PARAMETER) == self.digest

    def synth(self) -> None:
        """Write the templates. Needs nothing that runs."""
        context = [f"{name}={value}" for name, value in sorted(self._context.items())]
        # Assets of earlier versions would pile up in it.
        shutil.rmtree(self._output, ignore_errors=True)
        words = [word for each in context for word in ("-c", each)]
        self._cdk("cdk-synth", "synth", "-q", "-o", str(self._output), *words, seconds=_SYNTH_SECONDS)

    def bootstrap(self) -> None:
        """What CDK needs in an account, once."""
        if self._parameter(_BOOTSTRAP_PARAMETER) is None:
            where = f"aws://{ACCOUNT}/{REGION}"
            self._cdk("cdk-bootstrap", "bootstrap", where, "--app", "", seconds=_DEPLOY_SECONDS)

    def deploy(self) -> None:
        """Deploy what `synth` wrote, and remember it."""
        self._refuse_what_hangs()
        self.delete_stuck()
        self._remember("nothing whole")
        self._cdk(
            "cdk-deploy",
            "deploy",
            "--all",
            "--app",
            str(self._output),
            "--require-approval",
            "never",
            seconds=_DEPLOY_SECONDS,
        )
        self._remember(self.digest)

    def outputs(self) -> dict[str, str]:
        """The outputs of all stacks."""
        return {
            output["OutputKey"]: output["OutputValue"]
            for stack in self._cloudformation.describe_stacks()["Stacks"]
            for output in stack.get("Outputs", [])
        }

    @cached_property
    def _cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation")

    @cached_property
    def _ssm(self) -> Any:
        return self._session.client("ssm")

    def _cdk(self, name: str, *words: str, seconds: float) -> None:
        if not _CDK.exists():
            raise LocalError(f"{_CDK} is missing; install it with: make run")
        command = [str(_CDK), *words, "--no-notices"]
        self._processes.run(name, command, self._environment, seconds=seconds)

    def _parameter(self, name: str) -> str | None:
        try:
            return str(self._ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except self._ssm.exceptions.ParameterNotFound:
            return None

    def _remember(self, value: str) -> None:
        self._ssm.put_parameter(Name=_DEPLOYED_PARAMETER, Value=value, Type="String", Overwrite=True)

    def stuck(self) -> list[str]:
        """Stacks that a cut deploy left in the middle. Nobody is deploying now: `up` works alone."""
        stacks = self._cloudformation.describe_stacks()["Stacks"]
        return [stack["StackName"] for stack in stacks if stack["StackStatus"].endswith("_IN_PROGRESS")]

    def delete_stuck(self) -> None:
        """CDK would wait for them for ever. What they keep stays; the next run finds its way from there."""
        for name in self.stuck():
            self._cloudformation.delete_stack(StackName=name)
        until = time.monotonic() + _DELETE_SECONDS
        while self.stuck():
            if time.monotonic() > until:
                raise LocalError(
                    "an earlier deploy was cut and cannot be cleaned up; "
                    "start over with: everyday local down --wipe"
                )
            time.sleep(_LOOK_SECONDS)

    def _refuse_what_hangs(self) -> None:
        """CDK's bucket emptier needs a Node SDK that the local AWS lacks: its deploy would never end."""
        for template in self._output.glob("*.template.json"):
            if "Custom::S3AutoDeleteObjects" in template.read_text(encoding="utf-8"):
                raise LocalError(
                    f"{template.name} has auto_delete_objects, which hangs in the local AWS; "
                    "leave it out of the local stage"
                )
