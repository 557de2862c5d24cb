"""The console: what each capability holds and does, read-only, for the owner's own browser.

It binds loopback, answers GET only, and refuses a Host that is not loopback, so that no other
site can read it by pointing its own name here (DNS rebinding).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.filesize import decimal
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from everyday.errors import EverydayError, MediumMissing
from everyday.photos import archive as layout
from everyday.photos.catalog import State
from everyday.photos.ports import Archive, Catalog
from everyday_console import photos
from everyday_console.files import sent

HERE = Path(__file__).parent
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
PER_PAGE = 60
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The pages. `addresses` are shown as links by their names, for instance the blog's."""

    catalog: Catalog
    archive: Archive
    stage: str
    addresses: Mapping[str, str]
    templates: Environment

    def home(self, _: Request) -> Response:
        return RedirectResponse("/photos")

    def photos(self, request: Request) -> Response:
        """The grid: counts by state, then one page of media, newest first."""
        state = request.query_params.get("state")
        if state and state not in set(State):
            return self._page("missing.html", status=404, what=f"There is no state {state}.")
        board = photos.board(
            self.catalog.timeline(),
            state=state,
            page=_number(request.query_params.get("page")),
            per_page=PER_PAGE,
        )
        return self._page("photos.html", board=board)

    def medium(self, request: Request) -> Response:
        """One medium: its files, caption, history, and why it waits."""
        medium_id = request.path_params["medium_id"]
        entry = self.catalog.get_many([medium_id]).get(medium_id)
        found = self.archive.read(layout.sidecar_key(medium_id)) if entry else None
        if entry is None:
            return self._page("missing.html", status=404, what=f"No medium {medium_id}.")
        sidecar = layout.decode_sidecar(found[0]) if found else None
        return self._page("medium.html", entry=entry, sidecar=sidecar)

    def file(self, request: Request) -> Response:
        """A stored file, streamed from the archive."""
        medium_id, name = request.path_params["medium_id"], request.path_params["name"]
        try:
            return sent(request, self.archive.open(layout.file_key(medium_id, name)))
        except MediumMissing:
            return self._page("missing.html", status=404, what=f"{medium_id} has no file {name}.")

    def thumbnail(self, request: Request) -> Response:
        """The picture that stands for a medium in the grid."""
        medium_id = request.path_params["medium_id"]
        found = self.archive.read(layout.sidecar_key(medium_id))
        picture = photos.cover(layout.decode_sidecar(found[0])) if found else None
        return RedirectResponse(f"/photos/{medium_id}/files/{picture}" if picture else "/static/film.svg")

    def refused(self, _: Request, error: Exception) -> Response:
        """An address that means nothing here, or a method other than GET."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = "There is no such page." if status == 404 else "This page can only be read."
        return self._page("missing.html", status=status, what=what)

    def broken(self, _: Request, error: Exception) -> Response:
        """An error of the program itself; its traceback is in the console's log."""
        return self._page("missing.html", status=500, what=f"Unexpected {type(error).__name__}: see the log.")

    def failed(self, _: Request, error: Exception) -> Response:
        """Any error made on purpose: its message tells the owner what to do."""
        return self._page("missing.html", status=503, what=str(error))

    def _page(self, template: str, *, status: int = 200, **values: object) -> Response:
        text = self.templates.get_template(template).render(
            stage=self.stage, addresses=self.addresses, **values
        )
        return HTMLResponse(text, status_code=status, headers=_PAGE_HEADERS)


def build(*, catalog: Catalog, archive: Archive, stage: str, addresses: Mapping[str, str]) -> Starlette:
    """The console as an ASGI application."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    templates.filters["size"] = decimal
    templates.tests["web_address"] = photos.is_web_address
    console = Console(catalog=catalog, archive=archive, stage=stage, addresses=addresses, templates=templates)
    return Starlette(
        routes=[
            Route("/", console.home),
            Route("/photos", console.photos),
            Route("/photos/{medium_id:str}", console.medium),
            Route("/photos/{medium_id:str}/thumbnail", console.thumbnail),
            Route("/photos/{medium_id:str}/files/{name:str}", console.file),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK)],
        exception_handlers={
            EverydayError: console.failed,
            HTTPException: console.refused,
            Exception: console.broken,
        },
    )


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 7 else 1
