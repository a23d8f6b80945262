"""The way in, where the page has a name and a password."""

import asyncio
import hmac
import time
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from .texts import LANGUAGES, Texts, language_of, texts_for
from .visitors import SESSION_COOKIE, Visitors, cookie_header

_STYLES = Path(__file__).with_name("page.css")
#: Wrong passwords that are looked at in a minute; whoever guesses gets no further, and whoever mistyped waits a minute at most.
_WRONG_A_MINUTE = 30


def login_routes(visitors: Visitors, login: tuple[str, str]) -> list[Route]:
    wrong: list[float] = []

    async def show(request: Request) -> Response:
        return _form(request)

    async def enter(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=4)
        wrong[:] = [moment for moment in wrong if moment > time.monotonic() - 60]
        if len(wrong) >= _WRONG_A_MINUTE:
            return _form(request, "login.wait", 429)
        given = (str(form.get("name", "")), str(form.get("password", "")))
        # Both are compared whichever is wrong: the time that this takes tells nothing.
        right = [hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(given, login, strict=True)]
        if not all(right):
            wrong.append(time.monotonic())
            await asyncio.sleep(0.5)
            return _form(request, "login.wrong", 403)
        answer = RedirectResponse(_target(request), 303)
        answer.headers.append(
            "set-cookie", cookie_header(SESSION_COOKIE, visitors.session(), request.headers, request.url.scheme)
        )
        return answer

    return [Route("/login", show, methods=["GET"]), Route("/login", enter, methods=["POST"])]


def _target(request: Request) -> str:
    """Where somebody wanted to go: one of the pages, and nowhere else."""
    wanted = request.query_params.get("to", "")
    return wanted if wanted.strip("/") in LANGUAGES else "/"


def _form(request: Request, problem: str | None = None, status: int = 200) -> Response:
    wanted = _target(request).strip("/")
    texts = texts_for(wanted if wanted in LANGUAGES else language_of(request.headers.get("accept-language")))
    say = texts.say
    told = "" if problem is None else f'<p class="refusal" role="alert" id="problem">{escape(say(problem))}</p>'
    described = "" if problem is None else ' aria-describedby="problem" aria-invalid="true"'
    body = f"""<main class="small">
<h1>{escape(say("title"))}</h1><p>{escape(say("introduction"))}</p>
<form method="post">
<label for="name">{escape(say("login.name"))}</label><input id="name" name="name" autocomplete="username" required autofocus{described}>
<label for="password">{escape(say("login.password"))}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{described}>
{told}<button>{escape(say("login.enter"))}</button>
</form></main>"""
    return HTMLResponse(document(texts, say("title"), body), status)


def document(texts: Texts, title: str, body: str) -> str:
    """A page without Gradio: the same colours, no script, nothing to load."""
    styles = _STYLES.read_text(encoding="utf-8")
    return f"""<!doctype html><html lang="{texts.language}"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>{styles}</style></head><body class="plain">{body}</body></html>"""
