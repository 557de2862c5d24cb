"""Templates for the tests: the whole app of the aws stage is judged once a session, all else is quick."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

import app
from everyday_local.ministack import PROGRAM
from everyday_local.throwaway import throwaway_aws
from stacks.cloudtop_table import Cloudtop
from stacks.config import Config, Everyday, Jobs, Photos
from stacks.site_table import Site

ROOT = Path(app.__file__).parent
CONFIG = Config(
    everyday=Everyday(alarm_email="owner@example.org"),
    photos=Photos(blog_url="https://blog.example.org", author="owner@example.org", tags=("instagram",)),
    jobs=Jobs(enabled=True, task_roles=("renders",)),
    cloudtop=Cloudtop(
        enabled=True,
        start_at="08:30",
        stop_at="19:00",
        time_zone="Europe/Berlin",
        domain="box.example.org",
        hosted_zone="Z0123456789",
        dotfiles="https://git.example.org/dotfiles",
        dotfiles_install="./install.sh 'all of it'",
    ),
    site={
        "oblique": Site(
            domain="oblique.example.org",
            aliases=("www.oblique.example.org",),
            hosted_zone="Z0123456789",
            build="npm ci && npm run build",
            content_security_policy="default-src 'self'",
        ),
        "cointossr": Site(),
    },
)
LOCAL = {
    "stage": "local",
    "instagram_url": "http://127.0.0.1:4001",
    "ghost_url": "http://127.0.0.1:4002",
    "ecs_url": "http://127.0.0.1:4003",
    "state_url": "redis://127.0.0.1:4004",
    "edge_url": "http://127.0.0.1:4005",
    "pipeline_url": "http://127.0.0.1:4006",
}


@dataclass(frozen=True)
class Synthesised:
    """One synthesis: `folder` as the CDK command line would get it."""

    folder: Path

    @property
    def stacks(self) -> dict[str, dict[str, Any]]:
        """The templates by the stack's name."""
        return {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(self.folder.glob("*.template.json"))
        }

    def template(self, stack: str) -> Template:
        return Template.from_json(self.stacks[stack])

    def resources(self, kind: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """Every resource whose type begins with `kind`, as `stack/logical id` and its definition."""
        for stack, template in self.stacks.items():
            for logical_id, resource in template["Resources"].items():
                if resource["Type"].startswith(kind):
                    yield f"{stack}/{logical_id}", resource


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local AWS."""
    if not PROGRAM.exists():
        pytest.skip("the local AWS is not installed; make layers installs it")
    with throwaway_aws(tmp_path_factory.mktemp("ministack")) as address:
        yield address


Synth = Callable[..., Synthesised]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One worker: the judged synthesis costs far more than all the tests that read it.
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("stacks"))


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]

    def synthesise(config: Config = CONFIG, *, judge: bool = False, **context: Any) -> Synthesised:
        folder = tmp_path_factory.mktemp("cdk") / "out"
        app.build_app(config, {**flags, **context}, str(folder), judge=judge).synth()
        return Synthesised(folder)

    return synthesise


@pytest.fixture(scope="session")
def aws(synth: Synth) -> Synthesised:
    """The whole app as it is deployed; making it fails on any finding that is not acknowledged."""
    return synth(stage="aws", judge=True)


CANARIES = ("INSTAGRAM_TOKEN", "ACCESS_TOKEN", "GHOST_ADMIN_KEY", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="session")
def elsewhere(synth: Synth) -> Synthesised:
    """The same app made on another machine: with secrets in the environment, without the variables that
    belong to a person, and with byte code of its own beside the sources."""
    stray = ROOT / "functions/token_refresh/__pycache__/stray.cpython-399.pyc"
    stray.parent.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "CDK_DEFAULT_ACCOUNT", "HOME"):
            patch.delenv(name, raising=False)
        for name in CANARIES:
            patch.setenv(name, f"canary-{name}")
        stray.write_bytes(b"byte code of another machine")
        try:
            return synth(stage="aws")
        finally:
            stray.unlink()


@pytest.fixture(scope="session")
def local(synth: Synth) -> Synthesised:
    """The whole app as local mode deploys it."""
    return synth(**LOCAL)
