"""What stands on a page from its first bytes: the top, and a field that can be written in, until Gradio has made the real ones.

Gradio sends an empty page that a browser fills with some seconds of work. Until then a person sees this, and what they write goes over.
"""

import re
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path

from .actions import FORM
from .ahead import with_files
from .status import told_html
from .texts import LANGUAGES, Texts, texts_for

_HERE = Path(__file__).parent
#: What Gradio tells those who show a link to the page is about Gradio.
_PREVIEWS = re.compile(r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>')
#: For pages in frames of others, which this one refuses to be.
_FRAMED = re.compile(r"\s*<script>(?:(?!</script>).)*/static/js/iframeResizer(?:(?!</script>).)*</script>", re.DOTALL)
_LANGUAGE = re.compile(r'(<html\s+lang=")en(")')


def header_html(texts: Texts) -> str:
    """Name and sentence, a way past the form for keyboards, and the five languages in their own words."""
    names = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ja": "日本語"}
    here = {texts.language: ' aria-current="true"'}
    links = "".join(
        f'<a href="/{language}/" lang="{language}" hreflang="{language}"{here.get(language, "")}>{names[language]}</a>'
        for language in LANGUAGES
    )
    return (
        f'<a class="skip" href="#outcome">{texts.say("skip")}</a><header><h1>{texts.say("title")}</h1>'
        f'<p>{texts.say("introduction")}</p><nav aria-label="{texts.say("languages")}">{links}</nav></header>'
    )


def finisher(prompt_characters: int) -> Callable[[str, bytes], bytes]:
    """For `Kept`: from a path `/en/` and the page that Gradio wrote for it, the page that people get.

    `prompt_characters`: the most that the field takes. Raises ValueError where the page is not built as this knows it.
    """

    def finish(path: str, page: bytes) -> bytes:
        texts = texts_for(path.strip("/"))
        document = _FRAMED.sub("", _PREVIEWS.sub("", page.decode()))
        document = _LANGUAGE.sub(rf"\g<1>{texts.language}\2", document, count=1)
        head, rest = _split(document, "</head>")
        body, end = _split(rest, "</gradio-app>", after=True)
        return (with_files(head) + _preview(texts) + body + _sight(texts, prompt_characters) + end).encode()

    return finish


def _split(document: str, mark: str, *, after: bool = False) -> tuple[str, str]:
    place = document.find(mark)
    if place < 0:
        raise ValueError(f"Gradio's page has no {mark}")
    place += len(mark) if after else 0
    return document[:place], document[place:]


def _preview(texts: Texts) -> str:
    """Title and description, as the Open Graph protocol names them (https://ogp.me)."""
    title, introduction = escape(texts.say("title")), escape(texts.say("introduction"))
    return (
        f'<title>{title}</title><meta name="description" content="{introduction}"><meta property="og:type" content="website">'
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{introduction}">'
    )


def _sight(texts: Texts, characters: int) -> str:
    def said(key: str, **values: object) -> str:
        return escape(texts.say(key, **values))

    def soon(part: str) -> str:
        return f"<div><b>{said(part)}</b><i></i></div>"

    return (
        f'<div id="first-sight" data-failed="{said("first_sight.failed")}"><style>{_styles()}</style>'
        f'<div class="top">{header_html(texts)}{told_html(texts, said("first_sight"))}</div>'
        f'<noscript>{said("first_sight.no_script")}</noscript><div class="work"><div class="form">'
        f'<label for="first-prompt">{said("prompt")}</label><textarea id="first-prompt" rows="2" maxlength="{characters}"'
        f' data-place="{FORM.index("prompt")}" placeholder="{said("prompt.example")}"></textarea>'
        f'<div class="fields" aria-hidden="true">{soon("pictures")}{soon("sound")}</div>'
        f'<button type="button" disabled>{said("create")}</button></div><div class="outcome" aria-hidden="true"></div></div></div>'
        f"<script>{(_HERE / 'first_sight.js').read_text(encoding='utf-8')}</script>"
    )


@cache
def _styles() -> str:
    """Its own, with the tokens of page.css, which comes with Gradio only."""
    tokens = re.match(r".*?(:root \{.*?\n\})", (_HERE / "page.css").read_text(encoding="utf-8"), re.DOTALL)
    if tokens is None:
        raise ValueError("page.css does not begin with its tokens")
    return tokens[1].replace("color-scheme: light;", "") + (_HERE / "first_sight.css").read_text(encoding="utf-8")
