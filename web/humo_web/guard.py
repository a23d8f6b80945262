"""Who may speak to the page: its own pages alone, and never a page of somebody else's that runs in the same browser.

Gradio itself lets any origin read what a page with a host name answers, cookies included; this stands before it.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .settings import is_loopback

_FOREIGN = "Another page asked for this. If a proxy stands before this one, it has to pass the header Host on."
_NAME = (
    "Without a login, this page answers to 127.0.0.1 and localhost alone. Set WEB_USERNAME and WEB_PASSWORD to use another name."
)


class Guard:
    """ASGI middleware.

    Without a login only names of this machine are answered: a name that somebody makes point here (DNS rebinding) would be an origin of
    its own in the browser. Requests of other origins are refused by Sec-Fetch-Site, which no page can set, or by Origin where a browser
    does not send it; links to the page from elsewhere work.
    """

    def __init__(self, app: ASGIApp, *, has_login: bool) -> None:
        self._app = app
        self._has_login = has_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._has_login and not _names_this_machine(headers.get("host", "")):
            await PlainTextResponse(_NAME, 421)(scope, receive, send)
            return
        if not is_own(scope.get("method", "GET"), headers):
            await PlainTextResponse(_FOREIGN, 403)(scope, receive, send)
            return

        async def send_closed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["content-security-policy"] = "frame-ancestors 'self'"
                answer["x-content-type-options"] = "nosniff"
                answer["referrer-policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_closed)


def is_own(method: str, headers: Headers) -> bool:
    """Whether a request comes from this page, from a person who opens it, or from no browser at all."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        opens = method == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return site in ("same-origin", "none") or opens
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


@lru_cache(maxsize=256)
def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)
