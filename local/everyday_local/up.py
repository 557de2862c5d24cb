"""`everyday local up`: start everything, deploy, fire the main jobs, and say where it all is."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from everyday.ports import Progress
from everyday_local import ports, standins
from everyday_local.aws import local_session
from everyday_local.blog_posts import count_posts
from everyday_local.deploy import Deployment
from everyday_local.errors import LocalError, PortTaken
from everyday_local.folder import Folder
from everyday_local.jobs_job import JobsJob, JobsSummary
from everyday_local.ministack import ministack
from everyday_local.photos_job import PhotosJob
from everyday_local.processes import Processes
from everyday_local.secrets import fill
from everyday_local.service import Service
from everyday_local.site_job import SiteJob, SiteSummary
from everyday_local.valkey import valkey

if TYPE_CHECKING:
    import boto3

_THREADS = 8
_TRIES = 3


class Memory(msgspec.Struct, kw_only=True):
    """What a folder remembers between two runs. `ghost` None: nothing was ever started in it."""

    ports: dict[str, int] = msgspec.field(default_factory=dict)
    ghost: bool | None = None


class PhotosSummary(msgspec.Struct, frozen=True):
    """Counted where the things are: the catalog, the bucket, the blog."""

    media: int
    archived: int
    posts: int
    duplicates: int


class Summary(msgspec.Struct, frozen=True):
    """What the main job of each capability came to."""

    photos: PhotosSummary
    jobs: JobsSummary
    site: SiteSummary


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who plays what in one folder."""

    cloud: Service
    valkey: Service
    instagram: Service
    ecs: Service
    pipeline: Service
    edge: Service
    blog: Service
    console: Service
    admin_key_file: Path


class Deployed(NamedTuple):
    """A system that is up. `outputs` are those of its stacks; `session` speaks to its local AWS."""

    cast: Cast
    outputs: Mapping[str, str]
    session: "boto3.Session"

    def jobs_job(self, progress: Progress) -> JobsJob:
        """The main job of `jobs`, to be run."""
        return JobsJob(self.session, self.outputs, progress, ecs_url=self.cast.ecs.address)

    def site_job(self, progress: Progress) -> SiteJob:
        """The main job of `site`, to be run."""
        return SiteJob(self.session, self.outputs, progress, edge_url=self.cast.edge.address)


def cast_of(folder: Folder, memory: Memory) -> Cast:
    """The services of a folder, at the ports it remembers. Raises LocalError when a program is missing."""
    at, ghost = memory.ports, bool(memory.ghost)
    cloud = ministack(folder, port=at["ministack"], redis_port=at["valkey"])
    instagram = standins.instagram(folder, port=at["instagram"])
    return Cast(
        cloud=cloud,
        valkey=valkey(folder, port=at["valkey"]),
        instagram=instagram,
        ecs=standins.ecs(folder, port=at["ecs"], events_url=cloud.address),
        pipeline=standins.pipeline(folder, port=at["pipeline"], cloud_url=cloud.address),
        edge=standins.edge(folder, port=at["edge"], cloud_url=cloud.address),
        blog=(standins.real_blog if ghost else standins.light_blog)(folder, port=at["blog"]),
        console=standins.console(folder, port=at["console"], instagram_url=instagram.address),
        admin_key_file=standins.admin_key_file(folder, ghost=ghost),
    )


class Up:
    """One `up` in one folder. `jobs` and `site` show what is done beside what `progress` shows."""

    def __init__(self, folder: Folder, progress: Progress, jobs: Progress, site: Progress) -> None:
        self.folder = folder
        self.processes = Processes(folder)
        self._progress = progress
        self._jobs = jobs
        self._site = site

    def run(self, *, ghost: bool, once: bool) -> Summary:
        """Everything up to the summary; a second run changes only what is different.

        What this run started is ended when it runs only `once`, and when anything goes wrong. Raises
        LocalError.
        """
        with self._working() as pool:
            summary = self._fire(pool, self._tried(pool, ghost=ghost, console=not once))
            if once:
                # Before the next `up` may work: it would take these for running.
                self.processes.close()
            return summary

    @contextmanager
    def deployed(self) -> Iterator[Deployed]:
        """Everything started and deployed, and no job fired; it ends with the block. Raises LocalError."""
        with self._working() as pool:
            try:
                yield self._tried(pool, ghost=False, console=False)
            finally:
                self.processes.close()

    @contextmanager
    def _working(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(_THREADS) as pool, self.folder.alone(self._waiting):
            try:
                yield pool
            except BaseException:
                # Before the pool is left: it waits for its threads, and they wait for processes.
                self.processes.close()
                raise

    def _tried(self, pool: ThreadPoolExecutor, *, ghost: bool, console: bool) -> Deployed:
        """A port that somebody took between the choice and the start is stepped around like any other."""
        for _ in range(_TRIES - 1):
            with suppress(PortTaken):
                return self._up(pool, ghost=ghost, console=console)
            self.processes.close()
            self.processes = Processes(self.folder)
        return self._up(pool, ghost=ghost, console=console)

    def _up(self, pool: ThreadPoolExecutor, *, ghost: bool, console: bool) -> Deployed:
        memory = self._remember(ghost=ghost)
        cast = cast_of(self.folder, memory)
        deployment = Deployment(
            self.folder,
            self.processes,
            endpoint=cast.cloud.address,
            context={
                "instagram_url": cast.instagram.address,
                "ghost_url": cast.blog.address,
                "state_url": cast.valkey.address,
                "ecs_url": cast.ecs.address,
                "edge_url": cast.edge.address,
                "pipeline_url": cast.pipeline.address,
            },
        )
        self._progress.begin("Starting", None)
        self._ensure(cast.cloud)
        self._start_and_deploy(pool, cast, deployment)
        if console:
            self._ensure(cast.console)
        return Deployed(cast, deployment.outputs(), local_session(cast.cloud.address))

    def _start_and_deploy(self, pool: ThreadPoolExecutor, cast: Cast, deployment: Deployment) -> None:
        """Everything that does not wait for something else runs side by side."""
        stale = not deployment.current()
        services = (cast.valkey, cast.instagram, cast.ecs, cast.pipeline, cast.edge, cast.blog)
        work = [partial(self._ensure, service) for service in services]
        work += [partial(deployment.synth), partial(deployment.bootstrap)] if stale else []
        for running in [pool.submit(each) for each in work]:
            running.result()
        if stale:
            self._progress.begin("Deploying to the local AWS", None)
            deployment.deploy()

    def _fire(self, pool: ThreadPoolExecutor, deployed: Deployed) -> Summary:
        """The main jobs, side by side."""
        draining = pool.submit(deployed.jobs_job(self._jobs).run)
        publishing = pool.submit(deployed.site_job(self._site).run)
        return Summary(self._photos(deployed), draining.result(), publishing.result())

    def _photos(self, deployed: Deployed) -> PhotosSummary:
        cast, outputs, session = deployed
        admin_key = fill(
            session, outputs, instagram_url=cast.instagram.address, admin_key_file=cast.admin_key_file
        )
        job = PhotosJob(session, outputs, self._progress)
        job.run()
        on_blog = count_posts(cast.blog.address, admin_key)
        return PhotosSummary(job.media(), job.archived(), on_blog.posts, on_blog.duplicates)

    def _waiting(self) -> None:
        self._progress.begin("Waiting for another `everyday local up`", None)

    def _remember(self, *, ghost: bool) -> Memory:
        memory = remembered(self.folder)
        if ghost and memory.ghost is False:
            raise LocalError(
                "this folder's posts are on the light blog; for a real Ghost start over with: "
                "everyday local down --wipe && everyday local up --ghost"
            )
        if not self.processes.running():
            self.folder.tidy()
        running = {name: record.port for name, record in self.processes.running().items() if record.port}
        chosen = Memory(ports=ports.choose(memory.ports, running), ghost=ghost or bool(memory.ghost))
        _memory_file(self.folder).write_bytes(msgspec.json.encode(chosen))
        return chosen

    def _ensure(self, service: Service) -> None:
        """Have the service run as asked: left alone if it does, else started, after ending an old one."""
        record = self.processes.running().get(service.name)
        if not (record and record.digest == service.digest and service.ready()):
            self.processes.end([service.name])
            self.processes.start(service)
        self._progress.step(f"{service.title} on {service.address}")


def remembered(folder: Folder) -> Memory:
    """What the folder remembers; a damaged memory is an empty one."""
    try:
        return msgspec.json.decode(_memory_file(folder).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return Memory()


def _memory_file(folder: Folder) -> Path:
    return folder.sub("run") / "memory"
