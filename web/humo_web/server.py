"""All that the page's process answers: a Gradio page for each language, the way in, and videos."""

import re
from pathlib import Path

import gradio as gr
import httpx
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .ahead import styles
from .app import build_page, launch_options
from .client import ApiClient, MediaSource
from .door import Door
from .examples import FOLDER
from .features import features_of
from .first_sight import finisher
from .guard import Guard
from .kept import Kept
from .login import login_routes
from .media import media_routes, shared_routes
from .settings import Settings
from .signing import Signer
from .site import Site
from .texts import LANGUAGES, language_of, texts_for
from .uploads import Uploads
from .visitors import SESSION_COOKIE, Visitors

#: What a browser asks for that has read a page: files of Gradio's, and the styles of all of them.
_ASKED_FOR = re.compile(
    r'<(?:link|script)(?! rel="stylesheet" disabled)[^>]* (?:href|src)="(\./(?:assets/|theme)[\w./-]+|/styles-[\w.]+)'
)


def build_server(settings: Settings, client: ApiClient, source: MediaSource, folder: Path) -> FastAPI:
    """`folder` takes what people send, while they make a request of it. Raises ApiError when the API does not answer or refuses the token."""
    signer = Signer(settings.token)
    visitors = Visitors(signer)

    async def choose(request: Request) -> Response:
        return RedirectResponse(
            f"/{language_of(request.headers.get('accept-language'))}/", 307, headers={"vary": "accept-language"}
        )

    routes: list[BaseRoute] = [Route("/", choose, methods=["GET", "HEAD"]), *media_routes(source, visitors)]
    routes.append(Mount("/examples", StaticFiles(directory=FOLDER)))
    routes.append(Route("/favicon.ico", _no_icon))
    routes.append(Route(styles()[0], _styles))
    if settings.share_days > 0:
        routes += shared_routes(source, signer)
    if settings.login is not None:
        routes += login_routes(visitors, settings.login)
    has_login = settings.login is not None
    presets = client.presets()
    app = FastAPI(
        openapi_url=None,
        routes=routes,
        middleware=[
            Middleware(Guard, has_login=has_login),
            Middleware(Door, visitors=visitors, has_login=has_login),
            Middleware(Uploads, folder=folder),
            Middleware(Kept, finish=finisher(presets["limits"]["promptCharacters"])),
        ],
    )
    features = features_of(client.description())
    site = Site(client, presets, features, visitors, signer, settings.share_days, folder)
    for language in LANGUAGES:
        blocks = build_page(site, texts_for(language))
        gr.mount_gradio_app(app, blocks, path=f"/{language}", **launch_options(texts_for(language)))
    return app


async def _styles(_request: Request) -> Response:
    return Response(styles()[1], media_type="text/css")


async def _no_icon(_request: Request) -> Response:
    """Browsers ask for it on pages that name none."""
    return Response(status_code=204)


async def warm(app: FastAPI, settings: Settings) -> None:
    """Opens every page once, so that the first visitor waits for nothing that all others do not wait for."""
    signed_in = f"{SESSION_COOKIE}={Visitors(Signer(settings.token)).session()}"
    headers = {"accept": "text/html", "accept-encoding": "br", "cookie": signed_in}
    for name in ("127.0.0.1", "localhost"):
        address = f"http://{name}:{settings.port}"
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=address, headers=headers
        ) as visitor:
            for language in LANGUAGES:
                page = await visitor.get(f"/{language}/")
                for file in sorted(set(_ASKED_FOR.findall(page.text))):
                    await visitor.get(str(page.url.join(file)))
