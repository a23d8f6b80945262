"""The page in one language: what stands where, and what happens when somebody does something."""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from .actions import FORM, Actions, Parts
from .first_sight import header_html
from .result import empty_html
from .site import Site
from .status import told_html
from .texts import Texts

#: People who may watch a video being made at the same time. Each holds a thread; a few are left for everything else.
_WATCHERS = 80
_THREADS = 100
#: A shared page forgets what was sent to it after a day; the API keeps what it took for a month.
_FORGET = (3600, 24 * 3600)
#: Seconds between two looks at the list while some of it is on its way.
_LISTED_AGAIN = 5
#: The same of a price, while a pause or an outage stands in its place.
_PRICED_AGAIN = 15
#: Seconds between two looks of Gradio's queue when it is empty. Its own, a thousandth, is a tenth of a core for nothing with five languages.
_QUEUE_LOOKS = 0.05
_HERE = Path(__file__).parent
_SHAPES = ["landscape", "portrait", "square"]
_CLEAN = ["auto", "on", "off"]

_THEME = gr.themes.Base(
    primary_hue="orange",
    # Fonts of the system: nothing is fetched from anywhere.
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
    # The grounds of page.css, which does not reach around Gradio's own container.
).set(body_background_fill="#faf9f7", body_background_fill_dark="#161513")


def build_page(site: Site, texts: Texts) -> gr.Blocks:
    say = texts.say
    presets, features = site.presets, site.features
    limits = presets["limits"]
    actions = Actions(site, texts)
    with gr.Blocks(title=say("title"), delete_cache=_FORGET, analytics_enabled=False) as page:
        current = gr.State(None)
        # Kept by the browser with all else that stands in the form.
        base = gr.JSON(None, visible=False)
        wanted = gr.Textbox("", visible=False)
        with gr.Column(elem_id="top"):
            gr.HTML(header_html(texts), elem_id="brand", js_on_load=None)
            status = gr.HTML(told_html(texts, say("status.ready")), elem_id="status", js_on_load=None)
        with gr.Row(equal_height=False, elem_id="work"):
            with gr.Column(min_width=300, elem_id="form"):
                prompt = gr.Textbox(
                    label=say("prompt"),
                    placeholder=say("prompt.example"),
                    lines=2,
                    max_lines=6,
                    max_length=limits["promptCharacters"],
                    elem_id="prompt",
                )
                refused = {"prompt": _refusal("prompt")}
                base_note = gr.HTML("", elem_id="base", js_on_load=_forward("base_dropped", "data-base"))
                with gr.Row(elem_id="who"):
                    with gr.Column(min_width=120, elem_id="who-is-seen"):
                        pictures = _field(
                            "pictures", texts, actions.seen, count=limits["images"], megabytes=limits["imageBytes"] >> 20
                        )
                        refused["pictures"] = _refusal("pictures")
                    with gr.Column(min_width=160, elem_id="what-is-said"):
                        sound = _field("sound", texts, actions.heard, megabytes=limits["audioBytes"] >> 20)
                        refused["sound"] = _refusal("sound")
                        words = gr.Textbox(
                            label=say("words"),
                            value="",
                            lines=1,
                            max_lines=4,
                            max_length=limits["sayCharacters"],
                            elem_id="words",
                        )
                        voice = gr.Dropdown(
                            label=say("voice"), choices=[(say("voice.any"), "")], value="", visible=False, elem_id="voice"
                        )
                        refused["words"] = _refusal("words")
                preset = gr.Radio(
                    label=say("preset"), choices=actions.preset_choices({}), value=presets["defaultPreset"], elem_id="preset"
                )
                shape = gr.Radio(
                    label=say("shape"),
                    choices=[(say(f"shape.{name}"), name) for name in _SHAPES],
                    value=presets["defaultShape"],
                    elem_id="shape",
                )
                agreed = gr.Checkbox(label=say("agreed"), value=False, visible=features.agreed, elem_id="agreed")
                refused["agreed"] = _refusal("agreed")
                with gr.Accordion(say("more"), open=False, elem_id="more"):
                    negative = gr.Textbox(label=say("negative"), value="", lines=1, elem_id="negative", visible=features.negative)
                    clean = gr.Radio(
                        label=say("clean"),
                        choices=[(say(f"clean.{when}"), when) for when in _CLEAN],
                        value="auto",
                        visible=features.clean,
                        elem_id="clean",
                    )
                    seconds = gr.Textbox(
                        label=say("seconds"), value="", placeholder=say("number.any"), lines=1, elem_id="seconds"
                    )
                    seed = gr.Textbox(label=say("seed"), value="", placeholder=say("number.any"), lines=1, elem_id="seed")
                    bounds = limits["scales"]
                    audio_default, text_default = actions.scales_of(presets["defaultPreset"])
                    audio_scale = gr.Slider(
                        bounds["minimum"],
                        bounds["maximum"],
                        audio_default,
                        step=0.1,
                        label=say("scale.audio"),
                        elem_id="audio_scale",
                    )
                    text_scale = gr.Slider(bounds["minimum"], bounds["maximum"], text_default, step=0.1, label=say("scale.text"))
                refused["more"] = _refusal("more")
                with gr.Row(elem_id="go"):
                    price = gr.HTML(f'<p class="price">{say("price.unknown")}</p>', elem_id="price", js_on_load=None)
                    create = gr.Button(say("create"), variant="primary", elem_id="create")
            with gr.Column(min_width=300, elem_id="outcome"):
                result = gr.HTML(
                    empty_html(texts, actions.examples()), elem_id="result", js_on_load=_forward("example", "data-example")
                )
                stop = gr.Button(say("cancel"), visible=False, variant="stop", elem_id="cancel")
                with gr.Row(visible=False, elem_id="actions") as bar:
                    again = gr.Button(say("again"), size="sm", elem_id="again", visible=features.again)
                    vary = gr.Button(say("variations"), size="sm", elem_id="vary", visible=features.again)
                    count = gr.Dropdown(
                        [(f"× {number}", number) for number in (2, 3, 4)],
                        value=2,
                        label=say("variations.count"),
                        show_label=False,
                        elem_id="count",
                        visible=features.again,
                    )
                    better = gr.Button(say("better"), size="sm", elem_id="better", visible=features.again)
                    edit = gr.Button(say("edit"), size="sm", elem_id="edit")
                    download = gr.HTML("", elem_id="download", js_on_load=None)
                    share = gr.Button(say("share"), size="sm", elem_id="share", visible=site.share_days > 0)
                    delete = gr.Button(say("delete"), size="sm", elem_id="delete", visible=features.delete)
                    really = gr.Button(say("delete.sure"), size="sm", variant="stop", visible=False, elem_id="really")
                shared = gr.HTML("", elem_id="shared", js_on_load="humo.copying(element);")
        with gr.Column(elem_id="lately"):
            with gr.Row(elem_id="lately-head"):
                gr.HTML(f"<h2>{say('gallery')}</h2>", js_on_load=None)
                refresh = gr.Button(say("gallery.refresh"), size="sm", elem_id="refresh")
            pages = gr.State(1)
            listing = gr.Timer(_LISTED_AGAIN, active=False)
            pricing = gr.Timer(_PRICED_AGAIN, active=False)
            gallery = gr.HTML(
                "",
                elem_id="gallery",
                js_on_load=_forward("opened", "data-open") + _forward("older", "data-older") + "humo.holding(element);",
            )
        with gr.Accordion(say("check"), open=False, elem_id="made-here", visible=features.verify):
            gr.HTML(f"<p>{say('check.details')}</p>", js_on_load=None)
            asked = _field("check", texts, megabytes=100)
            verdict = gr.HTML("", elem_id="verdict", js_on_load=None)

        parts = Parts(
            current=current,
            base=base,
            status=status,
            result=result,
            create=create,
            stop=stop,
            bar=bar,
            better=better,
            download=download,
            share=share,
            shared=shared,
            delete=delete,
            really=really,
            gallery=gallery,
            pages=pages,
            listing=listing,
            base_note=base_note,
            price=price,
            pricing=pricing,
            verdict=verdict,
            refused=refused,
            form=dict(
                zip(
                    FORM,
                    [
                        prompt,
                        pictures,
                        sound,
                        words,
                        voice,
                        preset,
                        shape,
                        negative,
                        seconds,
                        seed,
                        audio_scale,
                        text_scale,
                        clean,
                        agreed,
                        base,
                    ],
                    strict=True,
                )
            ),
        )
        actions.parts = parts
        form: Sequence[Any] = list(parts.form.values())
        outputs = [*parts.outputs]
        # The status says how far things are; without a list, Gradio walks all outputs on every word from here to say so again.
        quiet: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [], "api_visibility": "private"}
        watching = {**quiet, "concurrency_limit": _WATCHERS, "concurrency_id": "watching"}
        listed: dict[str, Any] = {"fn": actions.list_again, "inputs": pages, "outputs": parts.listed, **quiet}
        priced: dict[str, Any] = {"fn": actions.price, "inputs": form, "outputs": parts.priced, **quiet}

        # What was refused is no longer what stands there.
        for changed, part in (
            (prompt.input, "prompt"),
            (pictures.chosen, "pictures"),
            (words.input, "words"),
            (agreed.input, "agreed"),
        ):
            changed(None, None, refused[part], js="() => ''", **quiet)
        create.click(actions.create, form, outputs, **watching).then(**listed)
        result.example(actions.run_example, [preset, shape], outputs, **watching).then(**listed)
        again.click(actions.again, current, outputs, **watching).then(**listed)
        better.click(actions.better, current, outputs, **watching).then(**listed)
        vary.click(actions.vary, [current, count], outputs, **watching).then(**listed)
        edit.click(actions.edit, current, outputs, **quiet).then(None, None, None, js="() => humo.focus('prompt')")
        base_note.base_dropped(actions.drop_base, None, outputs, **quiet)
        stop.click(actions.cancel, current, outputs, **quiet)
        share.click(actions.share, current, shared, **quiet)
        delete.click(lambda: (gr.Button(visible=False), gr.Button(visible=True)), None, [delete, really], **quiet).then(
            None, None, None, js="() => humo.focus('really')"
        )
        really.click(actions.delete, [current, base], outputs, **quiet).then(**listed)
        gallery.opened(actions.open, None, outputs, trigger_mode="multiple", **watching).then(**listed)
        gallery.older(actions.older, pages, parts.listed, **quiet)
        refresh.click(**listed)
        listing.tick(**listed)
        pricing.tick(trigger_mode="once", **priced)
        asked.chosen(actions.check, asked, verdict, **quiet)
        # By hand alone: an edited video brings its own.
        preset.input(actions.own_scales, preset, [audio_scale, text_scale], **quiet)
        # One event for many triggers: each event of its own costs every visitor time when the page is built. Those of `_field` cannot be joined.
        files = [pictures.chosen, sound.chosen, sound.moved]
        choices = [words.input, voice.change, preset.change, shape.change, seconds.blur, base.change]
        # What is typed stays while the page is loaded again, in another language as well.
        keep: dict[str, Any] = {"fn": None, "inputs": form, "outputs": None, "js": "(...values) => humo.keep(values)", **quiet}
        gr.on(choices, trigger_mode="always_last", **priced)
        gr.on([component.change for name, component in parts.form.items() if name not in ("pictures", "sound")], **keep)
        for changed in files:
            changed(trigger_mode="always_last", **priced)
            changed(**keep)
        # What Gradio knows no choice of, it would refuse from then on. Who can speak is known only later.
        known = {"preset": list(actions.presets), "shape": _SHAPES, "clean": _CLEAN, "voice": [""]}
        allowed = json.dumps({FORM.index(name): choices for name, choices in known.items()})
        restored = page.load(None, form, form, js=f"(...values) => humo.kept(values, {allowed}, {FORM.index('prompt')})", **quiet)
        spoken = f"(wanted, ...values) => [humo.keptValue({FORM.index('voice')}) ?? '', ...values]"
        # All of it in one: ten people who come at once ask for ten of these.
        restored.then(actions.begin, [wanted, pages, *form], parts.begun, js=spoken, **quiet)
        page.load(actions.resume, wanted, outputs, js="() => humo.last()", **watching).then(**listed)
        page.unload(actions.leave)
    page.queue(default_concurrency_limit=20)
    page._queue.sleep_when_free = _QUEUE_LOOKS
    page.max_threads = _THREADS
    return page


def launch_options(texts: Texts) -> dict[str, Any]:
    """What the page looks like, for `mount_gradio_app`."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return {
        "theme": _THEME,
        "css_paths": _HERE / "page.css",
        "head": f'<script>document.documentElement.lang = "{texts.language}";\n{script}</script>',
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "max_file_size": "100mb",
    }


def _refusal(part: str) -> gr.HTML:
    return gr.HTML("", elem_id=f"refused-{part}", elem_classes=["refused"], js_on_load=None)


def _field(name: str, texts: Texts, *asked: Callable[..., Any], **numbers: int) -> gr.HTML:
    """A field of page.js; its value is what page.js keeps. Events: 'chosen' with other files, 'moved' with another part of them.

    `asked`: what page.js can ask about a file, by its name.
    """
    words = {key: text for key, text in _words_of(texts, name)}
    given = "element, props, watch" + (", server" if asked else "")
    script = f"humo.{name}({{{given}, chosen: () => trigger('chosen'), moved: () => trigger('moved')}});"
    return gr.HTML(
        None,
        html_template="<div></div>",
        js_on_load=script,
        elem_id=name,
        elem_classes=["field"],
        server_functions=[_function(method) for method in asked],
        words=words,
        numbers=numbers,
    )


def _function(method: Callable[..., Any]) -> Callable[..., Any]:
    """Gradio marks what a browser may call, and a method cannot be marked."""

    @wraps(method)
    def call(*given: Any) -> Any:
        return method(*given)

    return call


def _words_of(texts: Texts, name: str) -> list[tuple[str, str]]:
    return [(key, text) for key, text in texts.items() if key.split(".")[0] in (name, "upload", "crop", "close")]


def _forward(event: str, attribute: str) -> str:
    """A press on anything inside that has the attribute becomes an event with its value."""
    key = "".join(
        part.capitalize() if place > 0 else part for place, part in enumerate(attribute.removeprefix("data-").split("-"))
    )
    return (
        f"element.addEventListener('click', (event) => {{ const it = event.target.closest('[{attribute}]');"
        f" if (it) trigger('{event.replace('-', '_')}', {{ value: it.dataset.{key} }}); }});"
    )
