"""The page."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from . import wording
from .client import FINAL, ApiClient, ApiError, Generation
from .guard import Guard
from .status import ago, status_html, told_html
from .voices import voice_choices
from .window import clock, sound_seconds, track_html, used_seconds

#: People who may watch a video being made at the same time. Each holds a thread; a few are left for everything else.
_WATCHERS = 80
_THREADS = 100
_RECENT = 20
#: A shared page forgets what it fetched after a day; the API keeps it for a month.
_FORGET = (3600, 24 * 3600)

_THEME = gr.themes.Soft(
    primary_hue="orange",
    # Fonts of the system: nothing is fetched from anywhere.
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-sans-serif", "system-ui", "sans-serif"],
).set(
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_label_text_color="*body_text_color",
    block_label_text_color_dark="*body_text_color",
    block_label_border_width="0px",
    block_label_shadow="none",
    block_label_text_weight="600",
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_padding="0",
    block_title_text_weight="600",
    block_border_width="1px",
    block_radius="*radius_lg",
)

#: A picture that is not there takes no room.
_NO_IMAGE = gr.update(value=None, visible=False)

#: For all that `show` says something about.
_AS_IT_IS: tuple[Any, ...] = (gr.skip(),) * 8


def build_page(client: ApiClient, folder: Path) -> gr.Blocks:
    """`folder` takes what is fetched. Raises ApiError when the API does not answer or refuses the token."""
    presets = client.presets()
    limits = presets["limits"]
    by_name = {preset["name"]: preset for preset in presets["presets"]}
    # What each visitor looks at now, as a number that grows: whoever shows something older stops.
    looks: dict[str | None, int] = {}

    def scales_of(preset: str) -> tuple[float, float]:
        scales = by_name[preset]["scales"]
        return scales["audio"], scales["text"]

    def window_html(audio: str | None, start: float, words: str) -> str:
        if audio is None and words.strip() != "":
            return track_html(wording.WINDOW_WORDS)
        if audio is None:
            return track_html(wording.WINDOW_NONE.format(seconds=presets["frames"]["default"] / presets["fps"]))
        length = sound_seconds(Path(audio))
        if length is None:
            return track_html(wording.WINDOW_UNKNOWN)
        begin, end = used_seconds(start, length, presets)
        text = wording.WINDOW.format(start=clock(begin), end=clock(end), length=clock(length))
        return track_html(text, begin / length if length > 0 else 0, end / length if length > 0 else 1)

    def on_audio(audio: str | None, words: str) -> tuple[Any, str]:
        length = None if audio is None else sound_seconds(Path(audio))
        most = limits["audioSeconds"] if length is None else max(0.1, length)
        slider = gr.Slider(maximum=round(most, 1), value=0, visible=audio is not None)
        return slider, window_html(audio, 0, words)

    def on_preset(preset: str) -> tuple[Any, Any]:
        audio, text = scales_of(preset)
        return gr.Slider(value=audio), gr.Slider(value=text)

    def show(generation: Generation) -> tuple[Any, ...]:
        """Identifier (twice: for now, and for the next visit), status, preview, video, download, and the two buttons."""
        identifier, status = generation["id"], generation["status"]
        open_ = status in ("queued", "running")
        preview: Any = None
        video: Any = None
        if status == "running":
            preview = _fetch_preview(client, generation, folder)
        if generation["links"]["video"] is not None and status in ("delivering", "delivered"):
            target = folder / f"humo-{identifier}.mp4"
            _forget_old(folder)
            video = str(target if target.exists() else client.download(generation["links"]["video"], target))
        return (
            identifier,
            identifier,
            status_html(generation),
            # Until the first picture there is no empty frame; what was shown last stays until the next.
            gr.Image(value=preview, visible=True) if preview is not None else gr.skip() if status == "running" else _NO_IMAGE,
            gr.Video(value=video, visible=video is not None),
            gr.DownloadButton(value=video, visible=video is not None),
            gr.Button(interactive=not open_),
            gr.Button(visible=open_),
        )

    def sending() -> tuple[Any, ...]:
        return (
            None,
            gr.skip(),
            told_html(wording.SENDING),
            _NO_IMAGE,
            gr.Video(value=None, visible=False),
            gr.DownloadButton(visible=False),
            gr.Button(interactive=False),
            gr.Button(visible=False),
        )

    def failed(error: ApiError) -> tuple[Any, ...]:
        told = told_html(wording.REFUSED, str(error), kind="failed")
        return (None, gr.skip(), told, gr.skip(), gr.skip(), gr.skip(), gr.Button(interactive=True), gr.Button(visible=False))

    def create(
        prompt: str,
        images: list[tuple[str, str | None]] | None,
        audio: str | None,
        start: float,
        words: str,
        voice: str,
        preset: str,
        shape: str,
        seed: float | None,
        audio_scale: float,
        text_scale: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        yield sending()
        order: dict[str, Any] = {"prompt": prompt, "preset": preset, "shape": shape}
        if seed is not None:
            order["seed"] = int(seed)
        if audio is not None and start > 0:
            order["audioStart"] = start
        if words.strip() != "":
            order["say"] = words
            if voice != "":
                order["voice"] = voice
        own = dict(zip(("audio", "text"), scales_of(preset), strict=True))
        wanted = {"audio": audio_scale, "text": text_scale}
        changed = {name: value for name, value in wanted.items() if value != own[name]}
        if changed:
            order["scales"] = changed
        try:
            pictures = [Path(path) for path, _caption in images or []]
            sound = None if audio is None else Path(audio)
            accepted = client.create(order, pictures, sound, _language(request))
            yield show(accepted)
            yield from follow(accepted["id"], request)
        except ApiError as error:
            yield failed(error)

    def offered(chosen: str, request: gr.Request) -> Any:
        try:
            choices = voice_choices(client.voices(_language(request)))
        except ApiError:
            return gr.skip()  # the API is away: the list of recent ones says so
        is_there = any(name == chosen for _title, name in choices)
        return gr.Dropdown(choices=choices, value=chosen if is_there else "", visible=len(choices) > 1)

    def follow(identifier: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        visitor = request.session_hash
        look = begin_look(visitor)
        try:
            for generation in client.watch(identifier, _language(request)):
                if looks.get(visitor) != look:
                    return
                yield show(generation)
        except ApiError as error:
            yield failed(error)

    def begin_look(visitor: str | None) -> int:
        look = looks[visitor] = looks.get(visitor, 0) + 1
        return look

    def leave(request: gr.Request) -> None:
        looks.pop(request.session_hash, None)

    def resume(last: str | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """What this browser asked for last, also when the page was closed or loaded again meanwhile."""
        # Without a word from here, Gradio would empty every one of the outputs.
        yield _AS_IT_IS
        if last is None:
            return
        try:
            generation = client.get(last, _language(request))
        except ApiError:
            return  # forgotten, or the API is away: the list of recent ones says so
        yield show(generation)
        if generation["status"] not in FINAL:
            yield from follow(last, request)

    def cancel(identifier: str | None, request: gr.Request) -> str:
        if identifier is None:
            return told_html(wording.NOTHING_TO_CANCEL)
        try:
            client.cancel(identifier, _language(request))
        except ApiError as error:
            return told_html(wording.REFUSED, str(error), kind="failed")
        return told_html(wording.CANCELLING)

    def recent(request: gr.Request) -> list[list[str]]:
        try:
            found = client.recent(_RECENT, _language(request))
        except ApiError as error:
            return [["", str(error), "", ""]]
        return [_recent_row(generation) for generation in found] or [["", wording.RECENT_EMPTY, "", ""]]

    def open_recent(event: gr.SelectData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        # The row itself and not its number: a person may have sorted the table.
        identifier = event.row_value[3]
        yield _AS_IT_IS
        if identifier != "":
            yield from follow(identifier, request)

    with gr.Blocks(title=wording.TITLE, delete_cache=_FORGET, analytics_enabled=False) as page:
        current = gr.State(None)
        # In the browser, readable there: an id opens nothing without the page.
        last = gr.BrowserState(None, storage_key="humo-last", secret="humo")
        gr.HTML(f"<h1>{wording.TITLE}</h1><p>{wording.INTRODUCTION}</p>", elem_id="introduction")
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320):
                prompt = gr.Textbox(
                    label=wording.PROMPT,
                    placeholder=wording.PROMPT_EXAMPLE,
                    lines=3,
                    max_length=limits["promptCharacters"],
                    elem_id="prompt",
                )
                images = gr.Gallery(
                    label=wording.IMAGES.format(images=limits["images"]),
                    type="filepath",
                    file_types=["image"],
                    columns=4,
                    height=180,
                    preview=False,
                    buttons=[],
                    object_fit="contain",
                    interactive=True,
                    sources=["upload"],
                    elem_id="images",
                )
                audio = gr.Audio(
                    label=wording.AUDIO, type="filepath", sources=["upload", "microphone"], elem_id="audio", buttons=[]
                )
                words = gr.Textbox(label=wording.WORDS, value="", lines=2, max_length=limits["sayCharacters"], elem_id="words")
                voice = gr.Dropdown(
                    label=wording.VOICE, choices=[(wording.VOICE_ANY, "")], value="", visible=False, elem_id="voice"
                )
                start = gr.Slider(label=wording.START, minimum=0, maximum=10, step=0.1, value=0, visible=False, elem_id="start")
                window = gr.HTML(window_html(None, 0, ""), elem_id="window")
                preset = gr.Radio(
                    label=wording.PRESET,
                    choices=[(f"{p['title']}: {p['description']}", p["name"]) for p in presets["presets"]],
                    value=presets["defaultPreset"],
                    elem_id="preset",
                )
                shape = gr.Radio(
                    label=wording.SHAPE,
                    choices=[(title, name) for name, title in wording.SHAPES.items()],
                    value=presets["defaultShape"],
                    elem_id="shape",
                )
                with gr.Accordion(wording.ADVANCED, open=False):
                    seed = gr.Number(label=wording.SEED, value=None, precision=0, minimum=0, elem_id="seed")
                    bounds = limits["scales"]
                    audio_default, text_default = scales_of(presets["defaultPreset"])
                    audio_scale = gr.Slider(
                        bounds["minimum"], bounds["maximum"], audio_default, step=0.1, label=wording.AUDIO_SCALE
                    )
                    text_scale = gr.Slider(bounds["minimum"], bounds["maximum"], text_default, step=0.1, label=wording.TEXT_SCALE)
                start_button = gr.Button(wording.CREATE, variant="primary", elem_id="create")
            with gr.Column(min_width=320, elem_id="outcome"):
                status = gr.HTML(told_html(wording.EMPTY, wording.EMPTY_DETAILS), elem_id="status")
                preview = gr.Image(
                    label=wording.PREVIEW,
                    height=240,
                    visible=False,
                    interactive=False,
                    type="filepath",
                    elem_id="preview",
                    buttons=[],
                )
                video = gr.Video(label=wording.VIDEO, visible=False, interactive=False, elem_id="video", buttons=[])
                download = gr.DownloadButton(wording.DOWNLOAD, visible=False, variant="primary", elem_id="download")
                stop_button = gr.Button(wording.CANCEL, visible=False, variant="stop", elem_id="cancel")
                with gr.Accordion(f"{wording.RECENT}. {wording.SHOW_HINT}", open=True):
                    table = gr.Dataframe(
                        headers=wording.RECENT_HEADERS,
                        type="array",
                        interactive=False,
                        elem_id="recent",
                        buttons=[],
                        max_height=360,
                        column_widths=["24%", "54%", "22%", "0%"],
                    )
                    refresh = gr.Button(wording.REFRESH, size="sm")

        outputs = [current, last, status, preview, video, download, start_button, stop_button]
        watching: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": _WATCHERS, "concurrency_id": "watching"}
        audio.change(on_audio, [audio, words], [start, window], show_progress="hidden")
        start.change(window_html, [audio, start, words], window, show_progress="hidden")
        words.change(window_html, [audio, start, words], window, show_progress="hidden")
        preset.change(on_preset, preset, [audio_scale, text_scale], show_progress="hidden")
        inputs = [prompt, images, audio, start, words, voice, preset, shape, seed, audio_scale, text_scale]
        start_button.click(create, inputs, outputs, **watching).then(recent, None, table, show_progress="hidden")
        stop_button.click(cancel, current, status, show_progress="hidden", concurrency_limit=None)
        refresh.click(recent, None, table, show_progress="hidden")
        table.select(open_recent, None, outputs, trigger_mode="multiple", **watching)
        page.load(recent, None, table, show_progress="hidden")
        page.load(offered, voice, voice, show_progress="hidden")
        page.load(resume, last, outputs, **watching).then(recent, None, table, show_progress="hidden")
        page.unload(leave)
    return page


def launch_options(*, has_login: bool) -> dict[str, Any]:
    """What the page looks like and who may speak to it, for `Blocks.launch`."""
    return {
        "theme": _THEME,
        "css_paths": Path(__file__).with_name("page.css"),
        "footer_links": [],
        "max_threads": _THREADS,
        "app_kwargs": {"middleware": [Middleware(Guard, has_login=has_login)]},
    }


def _forget_old(folder: Path) -> None:
    for file in folder.glob("*.*"):
        if file.stat().st_mtime < time.time() - _FORGET[1]:
            file.unlink(missing_ok=True)


def _fetch_preview(client: ApiClient, generation: Generation, folder: Path) -> str | None:
    path, progress = generation["links"]["preview"], generation["progress"]
    if path is None or progress is None:
        return None
    target = folder / f"preview-{generation['id']}-{progress['step']}.jpg"
    try:
        return str(client.download(path, target))
    except ApiError:
        return None  # gone meanwhile: the next one comes


def _recent_row(generation: Generation) -> list[str]:
    when = ago(datetime.fromisoformat(generation["createdAt"]), datetime.now(UTC))
    prompt = generation["request"]["prompt"]
    short = prompt if len(prompt) <= 60 else f"{prompt[:59]}…"
    return [when, short, wording.STATUSES[generation["status"]], generation["id"]]


def _language(request: gr.Request) -> str | None:
    return request.headers.get("accept-language")
