"""The page of `site`: every site with what is live and what can be gone back to."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from everyday_console.pages import Pages
from everyday_console.site import Site, shelves

WORD = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """What the page reads. `advice`: what to do where there is no site."""

    sites: Sequence[Site] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class SitePages:
    """Reads each site's manifest."""

    pages: Pages
    sites: Sites

    def routes(self) -> list[Route]:
        return [Route("/site", self.all)]

    def all(self, _: Request) -> Response:
        """Every site. Nothing is compared with the bucket here: that is `everyday site verify`."""
        return self.pages.page(
            "site.html",
            word=WORD,
            refreshes=True,
            shelves=shelves(self.sites.sites),
            advice=self.sites.advice,
        )
