"""What stands in for the outside services, and the console: each a Python module of its own process."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from everyday_local.folder import PROJECT, Folder
from everyday_local.probes import answers
from everyday_local.service import Service

_GHOST = PROJECT / ".everyday" / "ghost"
_INSTALL_SECONDS = 2400.0


def instagram(folder: Folder, *, port: int) -> Service:
    """Instagram with a sample account."""
    state = folder.sub("instagram")
    return _module(
        folder,
        "instagram",
        "Instagram",
        ["everyday_local.instagram", "--port", str(port), "--state", str(state)],
        port=port,
        ready=answers(port, "/_standin/account"),
    )


def ecs(folder: Folder, *, port: int, events_url: str) -> Service:
    """ECS with instances that run tasks as processes; what happens to them is told to EventBridge."""
    state = folder.sub("ecs")
    return _module(
        folder,
        "ecs",
        "ECS",
        ["everyday_local.ecs", "--port", str(port), "--state", str(state), "--events", events_url],
        port=port,
        ready=answers(port, "/_standin/health"),
    )


def pipeline(folder: Folder, *, port: int, cloud_url: str) -> Service:
    """CodePipeline, running the definitions that were deployed."""
    state = folder.sub("pipeline")
    return _module(
        folder,
        "pipeline",
        "CodePipeline",
        ["everyday_local.pipeline", "--port", str(port), "--state", str(state), "--cloud", cloud_url],
        port=port,
        ready=answers(port, "/_standin/health"),
    )


def edge(folder: Folder, *, port: int, cloud_url: str) -> Service:
    """CloudFront: serves the sites, runs their functions, keeps their key-value stores."""
    state = folder.sub("edge")
    return _module(
        folder,
        "edge",
        "sites",
        ["everyday_local.edge", "--port", str(port), "--state", str(state), "--cloud", cloud_url],
        port=port,
        ready=answers(port, "/_standin/health"),
    )


def light_blog(folder: Folder, *, port: int) -> Service:
    """A light stand-in for Ghost."""
    state = folder.sub("blog")
    return _module(
        folder,
        "blog",
        "blog",
        ["everyday_local.ghost", "serve", "--port", str(port), "--state", str(state)],
        port=port,
        ready=_blog_ready(port, state),
    )


def real_blog(folder: Folder, *, port: int) -> Service:
    """A real Ghost 6; the first time it is installed from npm, which takes minutes."""
    state = folder.sub("ghost")
    return _module(
        folder,
        "blog",
        "Ghost",
        ["everyday_local.ghost", "up", str(_GHOST), "--port", str(port), "--state", str(state)],
        port=port,
        ready=_blog_ready(port, state),
        # npm needs the owner's proxy, registry and cache; of AWS it is told nothing.
        environment={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        start_seconds=_INSTALL_SECONDS,
    )


def console(folder: Folder, *, port: int, instagram_url: str) -> Service:
    """The owner's web page over the local stage; to be started after the deploy."""
    links = ["--link", "Instagram", instagram_url]
    return _module(
        folder,
        "console",
        "console",
        ["everyday_cli.main", "console", "--stage", "local", "--port", str(port), *links],
        port=port,
        ready=answers(port, "/photos"),
    )


def admin_key_file(folder: Folder, *, ghost: bool) -> Path:
    """Where the blog leaves the key of its Admin API."""
    return folder.path / ("ghost" if ghost else "blog") / "admin_key"


def _blog_ready(port: int, state: Path) -> Callable[[], bool]:
    """A new Ghost answers a little before it has made the key."""
    serves = answers(port, "/ghost/api/admin/site/")
    return lambda: serves() and (state / "admin_key").exists()


def _module(
    folder: Folder,
    name: str,
    title: str,
    arguments: Sequence[str],
    *,
    port: int,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    start_seconds: float = 60.0,
) -> Service:
    return Service(
        name=name,
        title=title,
        command=[sys.executable, "-m", *arguments],
        environment=folder.environment() | dict(environment or {}),
        port=port,
        address=f"http://127.0.0.1:{port}",
        ready=ready,
        start_seconds=start_seconds,
    )
