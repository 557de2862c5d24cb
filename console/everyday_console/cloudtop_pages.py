"""The page of `cloudtop`: the machine, its volume, what could be lost, and the snapshots."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from everyday_console.cloudtop import Desk
from everyday_console.pages import Pages

WORD = "cloudtop"


@dataclass(frozen=True, slots=True)
class CloudtopPages:
    """Reads the table and EC2."""

    pages: Pages
    desk: Desk

    def routes(self) -> list[Route]:
        return [Route("/cloudtop", self.now)]

    def now(self, _: Request) -> Response:
        """How it stands now. What it costs and whether all is right say the commands."""
        return self.pages.page("cloudtop.html", word=WORD, refreshes=True, look=self.desk.look())
