"""Videos and pictures, handed on from the API as they come: in parts, so that a player begins and seeks at once."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from .client import Media, MediaSource
from .login import document
from .signing import Signer
from .texts import language_of, texts_for
from .visitors import Visitors

_KINDS = ("video", "preview", "thumbnail")
#: Of a request, and of an answer, what the other side has to know.
_ASKED = ("range", "if-range", "if-none-match")
_ANSWERED = ("content-type", "content-length", "content-range", "accept-ranges", "etag", "last-modified", "cache-control")
#: Tells nobody where a link that opens a video was found, and keeps it out of search engines.
_SHARED = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


def media_routes(source: MediaSource, visitors: Visitors) -> list[Route]:
    """What belongs to the person who asks; the API decides."""

    async def own(request: Request) -> Response:
        kind, identifier = request.path_params["kind"], request.path_params["identifier"]
        if kind not in _KINDS:
            return PlainTextResponse("", 404)
        return await _answer(source, request, identifier, kind, visitors.person(request.cookies))

    return [Route("/media/{identifier}/{kind}", own, methods=["GET", "HEAD"])]


def shared_routes(source: MediaSource, signer: Signer) -> list[Route]:
    """Links that somebody made for others: signed, and good until a day that stands in them."""

    async def watch(request: Request) -> Response:
        texts = texts_for(language_of(request.headers.get("accept-language")))
        link = request.path_params["link"]
        opened = signer.read("share", link)
        if opened is None or await _is_gone(source, opened["id"], opened["person"]):
            told = f'<main class="small"><h1>{escape(texts.say("title"))}</h1><p>{escape(texts.say("shared.over"))}</p></main>'
            return HTMLResponse(document(texts, texts.say("title"), told), 410, headers=_SHARED)
        video = f'<video controls playsinline preload="metadata" src="/shared/{escape(link)}/video"></video>'
        body = (
            f'<main class="shared"><h1>{escape(texts.say("title"))}</h1>{video}<p>{escape(texts.say("shared.made"))}</p></main>'
        )
        return HTMLResponse(document(texts, texts.say("title"), body), headers=_SHARED)

    async def play(request: Request) -> Response:
        opened = signer.read("share", request.path_params["link"])
        if opened is None:
            return PlainTextResponse("", 410)
        return await _answer(source, request, opened["id"], "video", opened["person"])

    return [Route("/shared/{link}", watch, methods=["GET"]), Route("/shared/{link}/video", play, methods=["GET", "HEAD"])]


async def _is_gone(source: MediaSource, identifier: str, person: str | None) -> bool:
    """Whether there is no such video any more: it was deleted, or kept long enough. An API that is away says nothing of it."""
    media = await source.open(identifier, "video", person, {"range": "bytes=0-0"})
    await media.close()
    return media.status in (404, 410)


async def _answer(source: MediaSource, request: Request, identifier: str, kind: str, person: str | None) -> Response:
    asked = {name: request.headers[name] for name in _ASKED if name in request.headers}
    media: Media = await source.open(identifier, kind, person, asked)
    headers = {name: media.headers[name] for name in _ANSWERED if name in media.headers}
    if media.status >= 400 and media.status != 416:
        await media.close()
        return PlainTextResponse("", media.status)
    if "download" in request.query_params:
        headers["content-disposition"] = f'attachment; filename="humo-{identifier}.mp4"'
    if request.method == "HEAD":
        await media.close()
        return Response(status_code=media.status, headers=headers)
    return StreamingResponse(media.chunks(), media.status, headers)
