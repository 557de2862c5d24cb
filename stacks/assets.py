"""What the functions are made of: runtime, architecture, code and layers."""

import aws_cdk.aws_lambda as lambda_
from aws_cdk import IgnoreMode
from constructs import Construct

from stacks.layer_lock import ROOT
from stacks.stage import Stage

# The newest Python of Lambda (cdk-nag asks for it), on the cheaper of its two processors.
RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64

# Byte code names the machine that made it, and would change the hash of the same source.
_BYTE_CODE = ["__pycache__/", "*.pyc"]


class Layers(Construct):
    """Our own code, and what it needs besides boto3."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.all = [
            self._layer("Core", str(ROOT / "layers/core"), "everyday, the code that all functions share"),
            self._layer("Deps", str(stage.layer), "what layers/deps/requirements.txt locks"),
        ]
        self._site_folder = stage.site_layer

    def with_site(self) -> list[lambda_.ILayerVersion]:
        """The layers of a function that publishes sites."""
        text = "what layers/site/requirements.txt locks"
        return [*self.all, self._layer("Site", str(self._site_folder), text)]

    def _layer(self, construct_id: str, path: str, description: str) -> lambda_.ILayerVersion:
        return lambda_.LayerVersion(
            self,
            construct_id,
            code=_asset(path),
            description=description,
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )


def function_code(name: str) -> lambda_.Code:
    """The folder of one function."""
    return _asset(str(ROOT / "functions" / name))


def _asset(path: str) -> lambda_.Code:
    return lambda_.Code.from_asset(path, exclude=_BYTE_CODE, ignore_mode=IgnoreMode.GIT)
