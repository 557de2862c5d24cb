"""The console: what each capability holds and does, read-only, for the owner's own browser.

It binds loopback, answers GET only, and refuses a Host that is not loopback, so that no other
site can read it by pointing its own name here (DNS rebinding).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.filesize import decimal
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from everyday.errors import EverydayError
from everyday.jobs.words import minute, said, span, standing
from everyday.photos.ports import Archive, Catalog
from everyday_console import photos
from everyday_console.cloudtop import Desk
from everyday_console.cloudtop_pages import CloudtopPages
from everyday_console.jobs import instance_bars
from everyday_console.jobs_pages import Jobs, JobsPages
from everyday_console.pages import Pages
from everyday_console.photos_pages import PhotosPages
from everyday_console.site_pages import SitePages, Sites

HERE = Path(__file__).parent
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def build(
    *,
    stage: str,
    addresses: Mapping[str, str],
    catalog: Catalog | None = None,
    archive: Archive | None = None,
    jobs: Jobs | None = None,
    site: Sites | None = None,
    cloudtop: Desk | None = None,
) -> Starlette:
    """The console as an ASGI application, with pages for whatever is given."""
    given = {"photos": catalog, "jobs": jobs, "site": site, "cloudtop": cloudtop}
    words = [word for word, on in given.items() if on is not None]
    pages = Pages(stage=stage, words=words, addresses=addresses, templates=_templates())
    routes: list[BaseRoute] = [Mount("/static", StaticFiles(directory=HERE / "static"))]
    if words:
        routes.append(Route("/", _to(f"/{words[0]}")))
    if catalog is not None and archive is not None:
        routes += PhotosPages(pages, catalog, archive).routes()
    if jobs is not None:
        routes += JobsPages(pages, jobs).routes()
    if site is not None:
        routes += SitePages(pages, site).routes()
    if cloudtop is not None:
        routes += CloudtopPages(pages, cloudtop).routes()
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK)],
        exception_handlers={
            EverydayError: pages.failed,
            HTTPException: pages.refused,
            Exception: pages.broken,
        },
    )


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    templates.filters |= {
        "size": decimal,
        "said": said,
        "span": span,
        "minute": minute,
        "standing": standing,
        "bars": instance_bars,
    }
    templates.tests["web_address"] = photos.is_web_address
    return templates


def _to(address: str) -> Callable[[Request], Response]:
    def home(_: Request) -> Response:
        return RedirectResponse(address)

    return home
