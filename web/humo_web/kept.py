"""What is the same for everybody is made once: Gradio's own files, packed, and the page of each language as it is when nobody has written yet.

Gradio packs each file anew for each visitor, names no time for which a browser may keep it, and writes the same page out for everybody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .texts import LANGUAGES

_LANGUAGE = "|".join(LANGUAGES)
#: Gradio's build names these by what is in them (`index-DphvyggB.js`); its theme carries that in the query.
_FILE = re.compile(rf"(?:/(?:{_LANGUAGE}))?(/assets/[\w.-]+|/theme\.css|/styles-\w+\.css)")
_PAGE = re.compile(rf"/(?:{_LANGUAGE})/")
#: All that a page is written for besides its path: Gradio puts its own address into it, and works that out from these.
_ADDRESS = ("host", "x-forwarded-host", "x-forwarded-proto")
_FOREVER = "public, max-age=31536000, immutable"
#: Whoever asks for pages by ever new names of this host gets pages that are not kept.
_MOST_PAGES = 64
_PACKED = re.compile(r"text/|application/(?:javascript|json)|image/svg")
_LEAST_PACKED = 400

_Key = tuple[str, ...]


@dataclass(frozen=True)
class _Answer:
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Kept:
    """ASGI middleware, behind whatever says who somebody is.

    What is asked for here is asked for with nothing but what it is kept by: no cookie and no other header can change what others get.
    `finish` gets a page's path and what Gradio wrote for it, and returns what people get.
    """

    def __init__(self, app: ASGIApp, *, finish: Callable[[str, bytes], bytes]) -> None:
        self._app = app
        self._finish = finish
        self._files: dict[_Key, _Answer] = {}
        self._pages: dict[_Key, _Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = Headers(scope=scope)
        packing = "br" if "br" in headers.get("accept-encoding", "") else ""
        file = _FILE.fullmatch(path)
        if file is not None and (scope["query_string"] == b"" or path.endswith("/theme.css")):
            kept, key, told = self._files, (packing, file[1]), {"cache-control": _FOREVER}
            most, passed = None, ()
        elif _PAGE.fullmatch(path) and scope["query_string"] == b"":
            passed = tuple(name for name in _ADDRESS if name in headers)
            key = (packing, path, scope["scheme"], *(f"{name}: {headers[name]}" for name in passed))
            kept, told, most = self._pages, {}, _MOST_PAGES
        else:
            await self._app(scope, receive, send)
            return
        answer = kept.get(key)
        if answer is None:
            asked = [(name.encode(), headers[name].encode("latin-1")) for name in passed]
            finish = partial(self._finish, path) if kept is self._pages else None
            status, answer = await self._make({**scope, "headers": asked}, receive, packing, told, finish)
            if status == 200 and (most is None or len(kept) < most):
                kept[key] = answer
        else:
            status = 200
        # A copy: whoever stands before this adds headers of their own.
        await send({"type": "http.response.start", "status": status, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    async def _make(
        self,
        scope: Scope,
        receive: Receive,
        packing: str,
        told: dict[str, str],
        finish: Callable[[bytes], bytes] | None,
    ) -> tuple[int, _Answer]:
        """The whole answer, packed if it is one that gets smaller by it; `told` are headers of one that is there."""
        status, raw, parts = 500, [], []

        async def collect(message: Message) -> None:
            nonlocal status, raw
            if message["type"] == "http.response.start":
                status, raw = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, collect)
        body, headers = b"".join(parts), MutableHeaders(raw=raw)
        if status == 200:
            body = body if finish is None else finish(body)
            headers.update(told)
            headers.add_vary_header("accept-encoding")
            if packing == "br" and len(body) >= _LEAST_PACKED and _PACKED.match(headers.get("content-type", "")):
                # About as tight as Gradio packs: the first visitor waits for it.
                body = brotli.compress(body, quality=5)
                headers["content-encoding"] = "br"
                del headers["etag"]
        headers["content-length"] = str(len(body))
        return status, _Answer(headers.raw, body)
