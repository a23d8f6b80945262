"""What was made lately, as pictures to press."""

import logging
from collections.abc import Iterable
from datetime import datetime
from html import escape

from .client import Generation
from .result import has_video
from .status import marked
from .texts import Texts

_log = logging.getLogger(__name__)


def gallery_html(generations: Iterable[Generation], texts: Texts, *, has_more: bool = False) -> str:
    """Newest first. One that cannot be shown is a card that says so, and never the end of the others."""
    cards = "".join(_card(generation, texts) for generation in generations)
    if cards == "":
        return f'<p class="nothing">{escape(texts.say("gallery.empty"))}</p>'
    more = f'<button type="button" class="older" data-older="1">{escape(texts.say("gallery.older"))}</button>' if has_more else ""
    return f'<ul class="gallery">{cards}</ul>{more}'


def _card(generation: Generation, texts: Texts) -> str:
    try:
        return _shown(generation, texts)
    except Exception as error:
        # Whatever is wrong with one record, a newer version's field or a damaged time, is wrong with this one alone.
        _log.warning("a record cannot be shown: %s", type(error).__name__)
        return f'<li class="broken"><p>{escape(texts.say("gallery.broken"))}</p></li>'


def _shown(generation: Generation, texts: Texts) -> str:
    identifier, request, status = generation["id"], generation["request"], generation["status"]
    picture = (
        f'<img loading="lazy" decoding="async" src="/media/{escape(identifier)}/thumbnail" alt="" width="192" height="112">'
        if has_video(generation)
        else f'<span class="no-picture">{escape(texts.say(f"state.{status}"))}</span>'
    )
    when = texts.ago(datetime.fromisoformat(generation["createdAt"]))
    return (
        f'<li><button type="button" data-open="{escape(identifier)}">{picture}<span class="words">{marked(request["prompt"])}</span>'
        f'<span class="when">{escape(texts.say(f"state.{status}"))} · {escape(when)}</span></button></li>'
    )
