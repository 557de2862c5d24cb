"""The pages of `photos`: the grid, a medium, its files."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from everyday.errors import MediumMissing
from everyday.photos import archive as layout
from everyday.photos.catalog import State
from everyday.photos.ports import Archive, Catalog
from everyday_console import photos
from everyday_console.files import sent
from everyday_console.pages import Pages

PER_PAGE = 60
WORD = "photos"


@dataclass(frozen=True, slots=True)
class PhotosPages:
    """Reads the catalog and the archive."""

    pages: Pages
    catalog: Catalog
    archive: Archive

    def routes(self) -> list[Route]:
        return [
            Route("/photos", self.grid),
            Route("/photos/{medium_id:str}", self.medium),
            Route("/photos/{medium_id:str}/thumbnail", self.thumbnail),
            Route("/photos/{medium_id:str}/files/{name:str}", self.file),
        ]

    def grid(self, request: Request) -> Response:
        """Counts by state, then one page of media, newest first."""
        state = request.query_params.get("state")
        if state and state not in set(State):
            return self.pages.missing(f"There is no state {state}.", word=WORD)
        board = photos.board(
            self.catalog.timeline(),
            state=state,
            page=_number(request.query_params.get("page")),
            per_page=PER_PAGE,
        )
        return self.pages.page("photos.html", word=WORD, board=board)

    def medium(self, request: Request) -> Response:
        """One medium: its files, caption, history, and why it waits."""
        medium_id = request.path_params["medium_id"]
        entry = self.catalog.get_many([medium_id]).get(medium_id)
        found = self.archive.read(layout.sidecar_key(medium_id)) if entry else None
        if entry is None:
            return self.pages.missing(f"No medium {medium_id}.", word=WORD)
        sidecar = layout.decode_sidecar(found[0]) if found else None
        return self.pages.page("medium.html", word=WORD, entry=entry, sidecar=sidecar)

    def file(self, request: Request) -> Response:
        """A stored file, streamed from the archive."""
        medium_id, name = request.path_params["medium_id"], request.path_params["name"]
        try:
            return sent(request, self.archive.open(layout.file_key(medium_id, name)))
        except MediumMissing:
            return self.pages.missing(f"{medium_id} has no file {name}.", word=WORD)

    def thumbnail(self, request: Request) -> Response:
        """The picture that stands for a medium in the grid."""
        medium_id = request.path_params["medium_id"]
        found = self.archive.read(layout.sidecar_key(medium_id))
        picture = photos.cover(layout.decode_sidecar(found[0])) if found else None
        return RedirectResponse(f"/photos/{medium_id}/files/{picture}" if picture else "/static/film.svg")


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 7 else 1
