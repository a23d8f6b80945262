"""Files of Gradio's that every page asks for, named in its first bytes: asked for all at once, and the styles as one.

By itself a browser finds them in five steps, each of which waits for the one before, and asks for sixty. `ahead.txt` names them in the order in which
a browser comes upon them; tests/e2e/web.test.ts holds it to what Chromium asks for. Of another version of Gradio, whose files have other
names, those that are not there are left out: its pages are whole, and later.
"""

import hashlib
import re
from functools import cache
from html import escape
from pathlib import Path

import gradio as gr

_ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
_NAMES = Path(__file__).parent / "ahead.txt"
_STYLES = re.compile(r'<link rel="stylesheet"(?= crossorigin href="\./assets/([\w.-]+)">)')
_THEME = re.compile(r'"theme_hash":\s*"(\w+)"')


@cache
def styles() -> tuple[str, bytes]:
    """The styles of all of them in one, and the path that names it by what is in it."""
    whole = b"\n".join((_ASSETS / name).read_bytes() for name in _named(".css"))
    return f"/styles-{hashlib.sha256(whole).hexdigest()[:16]}.css", whole


def with_files(head: str) -> str:
    """The head of a page that Gradio wrote, with all that it is going to ask for. Its loader asks for no style that has an element already."""
    mine = set(_named(".css"))
    own = _STYLES.sub(lambda link: f"{link[0]} disabled" if link[1] in mine else link[0], head)
    written = {name for name in mine if f'"./assets/{name}"' in own}
    links = [f'<link rel="stylesheet" href="{styles()[0]}">'] if mine else []
    links += [f'<link rel="stylesheet" disabled href="./assets/{name}">' for name in _named(".css") if name not in written]
    links += [f'<link rel="modulepreload" crossorigin href="./assets/{name}">' for name in _named(".js")]
    theme = _THEME.search(head)
    if theme is not None:
        links.append(f'<link rel="preload" as="style" href="./theme.css?v={escape(theme[1])}">')
    return own + "".join(links)


@cache
def _named(ending: str) -> list[str]:
    names = _NAMES.read_text(encoding="utf-8").split()
    return [name for name in names if name.endswith(ending) and (_ASSETS / name).is_file()]
