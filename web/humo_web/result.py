"""What somebody looks at: a video, the newest picture of one that is being made, or what there is to begin with."""

from html import escape
from typing import Any

from .client import Generation
from .status import marked
from .texts import Texts


def result_html(generation: Generation, texts: Texts) -> str:
    """Large, with its picture, its words beside it and not on it. Addresses carry what changes, so nothing old is shown."""
    request, result, progress = generation["request"], generation["result"], generation["progress"]
    media, shape = f"/media/{escape(generation['id'])}", escape(request["shape"])
    if has_video(generation):
        stage = (
            f'<video controls playsinline preload="metadata" poster="{media}/thumbnail" src="{media}/video" '
            f'aria-label="{marked(request["prompt"])}"></video>'
        )
    elif progress is not None and progress["preview"]:
        # Only while frames are painted does the picture change.
        step = progress["step"] if progress["stage"] == "denoise" else "last"
        stage = f'<img src="{media}/preview?step={step}" alt="{escape(texts.say("result.preview"))}">'
    else:
        word = {"failed": "result.none", "cancelled": "result.none", "delivered": "result.gone"}.get(
            generation["status"], "result.soon"
        )
        stage = f'<p class="nothing">{escape(texts.say(word))}</p>'
    # As the video is: a preset's sizes are only about 16:9.
    size = f"{int(request['width'])} / {int(request['height'])}"
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in _notes(result, texts))
    return (
        f'<article class="result" data-shown="{escape(generation["id"])}"><div class="stage {shape}" style="aspect-ratio: {size}">{stage}</div>'
        f'<p class="caption">{marked(request["prompt"])}</p><p class="facts">{marked(facts(generation, texts))}</p>{notes}</article>'
    )


def facts(generation: Generation, texts: Texts) -> str:
    """Preset, size, length and seed in a line."""
    request, result = generation["request"], generation["result"]
    shown = request if result is None else result
    seconds = f"{shown['seconds']:.1f} s"
    size = f"{min(shown['width'], shown['height'])}p"
    preset = texts.maybe(f"preset.{request['preset']}", request["preset"])
    return " · ".join([preset, size, seconds, texts.say("result.seed", seed=request["seed"])])


def empty_html(texts: Texts, examples: list[dict[str, Any]]) -> str:
    """Before the first video: what the small model made of the examples, each of which runs with one press."""
    cards = "".join(
        f'<li><video muted playsinline preload="none" src="{escape(one["video"])}" tabindex="-1" aria-hidden="true"></video>'
        f'<button type="button" data-example="{escape(one["name"])}"><strong>{escape(one["prompt"])}</strong>'
        f"<span>{escape(texts.say('example.run'))}</span></button></li>"
        for one in examples
    )
    return (
        f'<article class="result empty"><h2>{escape(texts.say("empty.title"))}</h2><p>{escape(texts.say("empty.details"))}</p>'
        f'<ul class="examples">{cards}</ul><p class="note">{escape(texts.say("note.mini"))}</p></article>'
    )


def has_video(generation: Generation) -> bool:
    """Whether there is one to look at."""
    return generation["links"]["video"] is not None and generation["status"] in ("delivering", "delivered")


def _notes(result: dict[str, Any] | None, texts: Texts) -> list[str]:
    key = {"random": "note.random", "mini": "note.mini"}.get("" if result is None else result["weights"])
    return [] if key is None else [texts.say(key)]
