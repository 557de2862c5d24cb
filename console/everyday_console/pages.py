"""What all pages share: the frame, the headers, and how an error is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_REFRESHING = {
    **_HEADERS,
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Writes pages. `words` are the capabilities that can be looked at; `addresses` are shown as links."""

    stage: str
    words: Sequence[str]
    addresses: Mapping[str, str]
    templates: Environment

    def page(
        self, template: str, *, word: str = "", status: int = 200, refreshes: bool = False, **values: object
    ) -> Response:
        """A page about the capability `word`. One that `refreshes` may run the console's own script."""
        text = self.templates.get_template(template).render(
            stage=self.stage, addresses=self.addresses, words=self.words, word=word, **values
        )
        return HTMLResponse(text, status_code=status, headers=_REFRESHING if refreshes else _HEADERS)

    def missing(self, what: str, *, word: str = "", status: int = 404) -> Response:
        return self.page("missing.html", word=word, status=status, what=what)

    def refused(self, _: Request, error: Exception) -> Response:
        """An address that means nothing here, or a method other than GET."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self.missing(
            "There is no such page." if status == 404 else "This page can only be read.", status=status
        )

    def broken(self, _: Request, error: Exception) -> Response:
        """An error of the program itself; its traceback is in the console's log."""
        return self.missing(f"Unexpected {type(error).__name__}: see the log.", status=500)

    def failed(self, _: Request, error: Exception) -> Response:
        """Any error made on purpose: its message tells the owner what to do."""
        return self.missing(str(error), status=503)
