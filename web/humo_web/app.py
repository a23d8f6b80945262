"""The page."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr

from . import wording
from .client import ApiClient, ApiError, Generation
from .window import clock, sound_seconds, used_seconds

#: People who may watch a video being made at the same time; the API has a bound of its own for one token.
_WATCHERS = 20
_RECENT = 20
#: A shared page forgets what it fetched after a day; the API keeps it for a month.
_FORGET = (3600, 24 * 3600)

_THEME = gr.themes.Soft(
    primary_hue="orange",
    # Fonts of the system: nothing is fetched from anywhere.
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)


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

    def window_text(audio: str | None, start: float) -> str:
        if audio is None:
            return wording.WINDOW_NONE.format(seconds=presets["frames"]["default"] / presets["fps"])
        length = sound_seconds(Path(audio))
        if length is None:
            return wording.WINDOW_UNKNOWN
        begin, end = used_seconds(start, length, presets)
        return wording.WINDOW.format(start=clock(begin), end=clock(end), length=clock(length))

    def on_audio(audio: str | None) -> tuple[Any, str]:
        length = None if audio is None else sound_seconds(Path(audio))
        most = limits["audioSeconds"] if length is None else max(0.1, length)
        slider = gr.Slider(maximum=round(most, 1), value=0, interactive=audio is not None)
        return slider, window_text(audio, 0)

    def on_preset(preset: str) -> tuple[Any, Any]:
        audio, text = scales_of(preset)
        return gr.Slider(value=audio), gr.Slider(value=text)

    def show(generation: Generation) -> tuple[Any, ...]:
        """Identifier, status line, preview, video, download, and the two buttons."""
        identifier, status = generation["id"], generation["status"]
        open_ = status in ("queued", "running")
        preview: Any = None
        video: Any = None
        if status == "running":
            preview = _fetch_preview(client, generation, folder) or gr.skip()
        if generation["links"]["video"] is not None and status in ("delivering", "delivered"):
            target = folder / f"humo-{identifier}.mp4"
            _forget_old(folder)
            video = str(target if target.exists() else client.download(generation["links"]["video"], target))
        return (
            identifier,
            status_line(generation),
            gr.Image(value=preview, visible=open_) if preview is None or isinstance(preview, str) else preview,
            gr.Video(value=video, visible=not open_),
            gr.DownloadButton(value=video, visible=video is not None),
            gr.Button(interactive=not open_),
            gr.Button(visible=open_),
        )

    def sending() -> tuple[Any, ...]:
        return (
            None,
            wording.SENDING,
            gr.Image(value=None, visible=False),
            gr.Video(value=None, visible=False),
            gr.DownloadButton(visible=False),
            gr.Button(interactive=False),
            gr.Button(visible=False),
        )

    def failed(error: ApiError) -> tuple[Any, ...]:
        return (None, f"**{error}**", gr.skip(), gr.skip(), gr.skip(), gr.Button(interactive=True), gr.Button(visible=False))

    def create(
        prompt: str,
        images: list[tuple[str, str | None]] | None,
        audio: str | None,
        start: float,
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

    def follow(identifier: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        visitor = request.session_hash
        look = looks[visitor] = looks.get(visitor, 0) + 1
        try:
            for generation in client.watch(identifier, _language(request)):
                if looks[visitor] != look:
                    return
                yield show(generation)
        except ApiError as error:
            yield failed(error)

    def cancel(identifier: str | None, request: gr.Request) -> str:
        if identifier is None:
            return wording.NOTHING_TO_CANCEL
        try:
            client.cancel(identifier, _language(request))
        except ApiError as error:
            return f"**{error}**"
        return wording.CANCELLING

    def recent(request: gr.Request) -> list[list[str]]:
        try:
            found = client.recent(_RECENT, _language(request))
        except ApiError as error:
            return [["", str(error), "", ""]]
        return [_recent_row(generation) for generation in found]

    def open_recent(rows: list[list[str]], event: gr.SelectData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        identifier = rows[event.index[0]][3]
        if identifier != "":
            yield from follow(identifier, request)

    with gr.Blocks(title=wording.TITLE, delete_cache=_FORGET, analytics_enabled=False) as page:
        current = gr.State(None)
        gr.Markdown(wording.INTRODUCTION)
        with gr.Row():
            with gr.Column():
                prompt = gr.Textbox(
                    label=wording.PROMPT,
                    placeholder=wording.PROMPT_EXAMPLE,
                    lines=3,
                    max_length=limits["promptCharacters"],
                    elem_id="prompt",
                )
                images = gr.Gallery(
                    label=wording.IMAGES,
                    type="filepath",
                    file_types=["image"],
                    columns=4,
                    height=220,
                    object_fit="contain",
                    interactive=True,
                    sources=["upload"],
                    elem_id="images",
                )
                audio = gr.Audio(
                    label=wording.AUDIO, type="filepath", sources=["upload", "microphone"], elem_id="audio", buttons=[]
                )
                start = gr.Slider(
                    label=wording.START, minimum=0, maximum=10, step=0.1, value=0, interactive=False, elem_id="start"
                )
                window = gr.Markdown(window_text(None, 0), elem_id="window")
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
            with gr.Column():
                status = gr.Markdown("", elem_id="status")
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
                download = gr.DownloadButton(wording.DOWNLOAD, visible=False, elem_id="download")
                stop_button = gr.Button(wording.CANCEL, visible=False, variant="stop", elem_id="cancel")
                with gr.Accordion(wording.RECENT, open=True):
                    gr.Markdown(wording.SHOW_HINT)
                    table = gr.Dataframe(
                        headers=wording.RECENT_HEADERS,
                        type="array",
                        interactive=False,
                        elem_id="recent",
                        buttons=[],
                        max_height=300,
                    )
                    refresh = gr.Button(wording.REFRESH, size="sm")

        outputs = [current, status, preview, video, download, start_button, stop_button]
        audio.change(on_audio, audio, [start, window], show_progress="hidden")
        start.change(window_text, [audio, start], window, show_progress="hidden")
        preset.change(on_preset, preset, [audio_scale, text_scale], show_progress="hidden")
        inputs = [prompt, images, audio, start, preset, shape, seed, audio_scale, text_scale]
        start_button.click(create, inputs, outputs, show_progress="hidden", concurrency_limit=_WATCHERS).then(
            recent, None, table, show_progress="hidden"
        )
        stop_button.click(cancel, current, status, show_progress="hidden", concurrency_limit=None)
        refresh.click(recent, None, table, show_progress="hidden")
        table.select(
            open_recent,
            table,
            outputs,
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=_WATCHERS,
        )
        page.load(recent, None, table, show_progress="hidden")
    return page


def launch_options() -> dict[str, Any]:
    """What the page looks like, for `Blocks.launch`."""
    return {"theme": _THEME, "footer_links": []}


def status_line(generation: Generation) -> str:
    """The generation in a sentence."""
    position, progress, result = generation["position"], generation["progress"], generation["result"]
    if generation["status"] == "queued" and position is not None:
        text = wording.QUEUED_NO_WORKER if position["workers"] == 0 else wording.QUEUED
        wait = datetime.fromisoformat(position["expectedStartAt"]) - datetime.now(UTC)
        return text.format(position=position["position"], waiting=position["waiting"], wait=_duration(wait.total_seconds()))
    if generation["failure"] is not None:
        return wording.FAILED.format(message=generation["failure"]["message"])
    if result is not None:
        line = wording.DONE.format(**{name: result[name] for name in ("width", "height", "seconds", "seed")})
        return line + (wording.RANDOM if result["weights"] == "random" else "")
    if progress is None:
        return wording.STARTING
    line = wording.RUNNING.format(stage=wording.STAGES[progress["stage"]], step=progress["step"], steps=progress["steps"])
    eta = progress["etaSeconds"]
    return line if eta is None else line + wording.TIME_LEFT.format(left=_duration(eta))


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
    when = datetime.fromisoformat(generation["createdAt"]).astimezone().strftime("%d.%m. %H:%M")
    prompt = generation["request"]["prompt"]
    short = prompt if len(prompt) <= 60 else f"{prompt[:59]}…"
    return [when, short, wording.STATUSES[generation["status"]], generation["id"]]


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _language(request: gr.Request) -> str | None:
    return request.headers.get("accept-language")
