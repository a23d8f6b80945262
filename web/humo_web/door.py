"""Who gets in, and as whom: after the guard, before everything else."""

from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .visitors import PERSON_COOKIE, Visitors, cookie_header

#: Open without a login: the way in, and what somebody shared on purpose.
_OPEN = ("/login", "/shared/")


class Door:
    """ASGI middleware. With a login, whoever is not in is sent to it; every browser gets a name of its own."""

    def __init__(self, app: ASGIApp, *, visitors: Visitors, has_login: bool) -> None:
        self._app = app
        self._visitors = visitors
        self._has_login = has_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path: str = scope["path"]
        opens = "text/html" in connection.headers.get("accept", "")
        if self._has_login and not path.startswith(_OPEN) and not self._visitors.is_in(connection.cookies):
            away = RedirectResponse(f"/login?to={quote(path)}", 303) if opens else PlainTextResponse("Log in first.", 401)
            await away(scope, receive, send)
            return
        if not opens or self._visitors.person(connection.cookies) is not None:
            await self._app(scope, receive, send)
            return
        cookie = cookie_header(PERSON_COOKIE, self._visitors.new_person(), Headers(scope=scope), scope["scheme"])

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_named)
