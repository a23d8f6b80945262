"""What happens when somebody does something on the page: each of these ends in what the page shows then."""

import math
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import fields as fields_of
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from .client import FINAL, ApiError, Asker, Generation
from .examples import EXAMPLES, FOLDER, shown_examples
from .gallery import gallery_html
from .order import Form, changes_of, order_of, sent_file, sketch_of
from .refusals import PARTS, placed
from .result import empty_html, result_html
from .site import Site
from .status import marked, status_html, told_html, until, waiting_text
from .texts import Texts
from .verdict import verdict_html
from .voices import voice_choices

#: The fields of `Form`, in the order in which Gradio hands them over.
FORM = [field.name for field in fields_of(Form)]
_PAGE = 12
_PAGES = 8
#: Seeds are drawn below what every reader of JSON keeps exactly.
_SEEDS = 2**31
_ESTIMATES_KEPT = 300.0

Update = dict[Any, Any]


@dataclass
class Parts:
    """The components that change."""

    current: Any
    last: Any
    base: Any
    status: Any
    result: Any
    create: Any
    stop: Any
    bar: Any
    download: Any
    shared: Any
    delete: Any
    really: Any
    gallery: Any
    pages: Any
    base_note: Any
    verdict: Any
    refused: dict[str, Any]
    form: dict[str, Any]

    @property
    def outputs(self) -> list[Any]:
        fields = [self.form[name] for name in FORM if name != "base"]
        here = [self.current, self.last, self.base, self.status, self.result, self.create, self.stop, self.bar]
        return [*here, self.download, self.shared, self.delete, self.really, self.base_note, *self.refused.values(), *fields]


class Actions:
    """Those of one language. `parts` is set when the page is laid out."""

    parts: Parts

    def __init__(self, site: Site, texts: Texts) -> None:
        self._client = site.client
        self._presets = site.presets
        self._by_name = {preset["name"]: preset for preset in site.presets["presets"]}
        self._features = site.features
        self._texts = texts
        self._visitors = site.visitors
        self._signer = site.signer
        self._share_days = site.share_days
        self._folder = site.folder
        # What each visitor looks at now, as a number that grows: whoever shows something older stops.
        self._looks: dict[str | None, int] = {}
        self._estimates: tuple[float, dict[str, float]] = (-math.inf, {})

    # -- Before anything is asked for

    def scales_of(self, preset: str) -> tuple[float, float]:
        scales = self._by_name[preset]["scales"]
        return scales["audio"], scales["text"]

    def own_scales(self, preset: str) -> tuple[Any, Any]:
        audio, text = self.scales_of(preset)
        return gr.Slider(value=audio), gr.Slider(value=text)

    def preset_choices(self, estimates: dict[str, float]) -> list[tuple[str, str]]:
        """Each with its size in p, and how long a usual one takes where that is known."""
        choices = []
        for preset in self._presets["presets"]:
            size = preset["sizes"]["landscape"]
            values = {
                "title": self._texts.maybe(f"preset.{preset['name']}", preset["title"]),
                "lines": min(size["width"], size["height"]),
            }
            seconds = estimates.get(preset["name"])
            text = (
                self._texts.say("preset.choice_short", **values)
                if seconds is None
                else self._texts.say("preset.choice", **values, time=self._texts.roughly(seconds))
            )
            choices.append((text, preset["name"]))
        return choices

    def examples(self) -> list[dict[str, str]]:
        return shown_examples(self._texts)

    def offered(self, chosen: str, request: gr.Request) -> tuple[Any, Any]:
        """Who can speak, and what a usual video takes with each preset."""
        asker = self._asker(request)
        try:
            choices = voice_choices(self._client.voices(asker), self._texts)
            presets = gr.Radio(choices=self.preset_choices(self._usual_estimates(asker)))
        except ApiError:
            return gr.skip(), gr.skip()  # the API is away: the list below says so
        is_there = any(name == chosen for _title, name in choices)
        return gr.Dropdown(choices=choices, value=chosen if is_there else "", visible=len(choices) > 1), presets

    def price(self, request: gr.Request, *values: Any) -> str:
        if not self._features.estimate:
            return ""
        try:
            form = self._form(values)
            estimate = self._client.estimate(sketch_of(form, self._by_name[form.preset]), self._asker(request))
        except ApiError as error:
            if error.code == "prompt_alone":
                return f'<p class="price">{escape(self._texts.say("price.unknown"))}</p>'  # nobody has begun yet
            return f'<p class="price unsure">{marked(self._sentence(error))}</p>'
        return f'<p class="price">{marked(self._price_of(estimate))}</p>'

    def listen(self, sound: dict[str, Any] | str | None, request: gr.Request) -> tuple[Any, Any]:
        """The length of a sound and its peaks, counted by the API; what the API refuses is said at the sound."""
        if not isinstance(sound, dict) or "seconds" in sound:
            return gr.skip(), ""
        if not self._features.sound:
            return {**sound, "peaks": []}, ""
        try:
            heard = self._client.sound(self._file(sound), self._asker(request))
        except ApiError as error:
            return {**sound, "peaks": []}, _refusal_html("sound", str(error), focus=False)
        return {**sound, "seconds": heard["seconds"], "peaks": heard.get("peaks", [])}, ""

    # -- Asking

    def create(self, request: gr.Request, *values: Any) -> Iterator[Update]:
        try:
            form = self._form(values)
            if form.prompt.strip() == "":
                raise ApiError("", status=400, fields={"prompt": self._texts.say("prompt.missing")})
        except ApiError as error:
            yield self._failed(error)
            return
        yield self._sending()
        asker = self._asker(request)
        preset = self._by_name[form.preset]
        try:
            if form.base is not None and not form.pictures and form.sound is None:
                accepted = self._client.again(form.base, changes_of(form, preset), asker)
            else:
                pictures = [self._file(picture) for picture in form.pictures]
                sound = None if form.sound is None else self._file(form.sound)
                accepted = self._client.create(order_of(form, preset), pictures, sound, asker)
        except ApiError as error:
            yield self._failed(error)
            return
        yield {**self._show(accepted), self.parts.base: None, self.parts.base_note: ""}
        yield from self._follow(accepted["id"], request)

    def run_example(self, preset: str, shape: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """One press: the form shows what is asked for, and it is asked for. Nobody is in these pictures: they are drawn."""
        example = next((one for one in EXAMPLES if one.name == event.value), None)
        if example is None:
            return
        prompt = self._texts.say(f"example.{example.name}")
        picture = {"path": str(FOLDER / example.picture), "url": f"/examples/{example.picture}", "name": example.picture}
        sound = {"path": str(FOLDER / example.sound), "url": f"/examples/{example.sound}", "name": example.sound}
        fields = self.parts.form
        yield {fields["prompt"]: prompt, fields["pictures"]: [picture], fields["sound"]: sound, fields["words"]: ""}
        values = {name: None for name in FORM} | {"prompt": prompt, "pictures": [picture], "sound": sound, "words": ""}
        values |= {"voice": "", "negative": "", "preset": preset, "shape": shape, "agreed": True}
        yield from self.create(request, *values.values())

    def again(self, identifier: str | None, request: gr.Request) -> Iterator[Update]:
        yield from self._another(identifier, {}, request)

    def better(self, identifier: str | None, request: gr.Request) -> Iterator[Update]:
        """The same seed with the next preset of the list, as the button in Discord does."""
        if identifier is None:
            return
        try:
            made = self._client.get(identifier, self._asker(request))["request"]
        except ApiError as error:
            yield self._failed(error)
            return
        names = list(self._by_name)
        place = names.index(made["preset"]) if made["preset"] in names else len(names)
        better = names[min(place + 1, len(names) - 1)]
        yield from self._another(identifier, {"preset": better, "seed": made["seed"]}, request)

    def vary(self, identifier: str | None, count: int, request: gr.Request) -> Iterator[Update]:
        """Several seeds at once. The first is shown while it is made, the others appear in the list."""
        if identifier is None:
            return
        yield self._sending()
        asker, first = self._asker(request), None
        for _number in range(min(4, max(2, int(count)))):
            try:
                accepted = self._client.again(identifier, {"seed": secrets.randbelow(_SEEDS)}, asker)
            except ApiError as error:
                if first is None:
                    yield self._failed(error)
                    return
                break  # as many as the limits allow: those that wait are in the list
            first = first or accepted
        if first is not None:
            yield self._show(first)
            yield from self._follow(first["id"], request)

    def edit(self, identifier: str | None, request: gr.Request) -> Update:
        """The form as it was for this one. Its files stay where they are, and are used again."""
        if identifier is None:
            return {self.parts.status: gr.skip()}
        try:
            made = self._client.get(identifier, self._asker(request))["request"]
        except ApiError as error:
            return self._failed(error)
        fields, speech = self.parts.form, made["speech"] or {}
        audio, text = made["scales"]["audio"], made["scales"]["text"]
        note = (
            f'<p class="note">{escape(self._texts.say("base"))} '
            f'<button type="button" data-base="1">{escape(self._texts.say("base.drop"))}</button></p>'
        )
        return {
            fields["prompt"]: made["prompt"],
            fields["pictures"]: [],
            fields["sound"]: None,
            fields["words"]: speech.get("text") or "",
            fields["preset"]: made["preset"] if made["preset"] in self._by_name else gr.skip(),
            fields["shape"]: made["shape"],
            fields["negative"]: made.get("negativePrompt") or "",
            fields["audio_scale"]: audio,
            fields["text_scale"]: text,
            self.parts.base: identifier,
            self.parts.base_note: note,
            self.parts.create: gr.Button(self._texts.say("create.again"), interactive=True),
            **self._no_refusals(),
        }

    def drop_base(self) -> Update:
        return {self.parts.base: None, self.parts.base_note: "", self.parts.create: gr.Button(self._texts.say("create"))}

    def cancel(self, identifier: str | None, request: gr.Request) -> Iterator[Update]:
        """What comes of it, the stream says; said here first, so that this never comes after that."""
        yield {
            self.parts.status: gr.skip() if identifier is None else told_html(self._texts, self._texts.say("status.cancelling"))
        }
        if identifier is None:
            return
        try:
            self._client.cancel(identifier, self._asker(request))
        except ApiError as error:
            yield {self.parts.status: self._told(error)}

    def delete(self, identifier: str | None, request: gr.Request) -> Update:
        if identifier is None:
            return {self.parts.status: gr.skip()}
        try:
            self._client.delete(identifier, self._asker(request))
        except ApiError as error:
            return {self.parts.status: self._told(error)}
        return {
            self.parts.current: None,
            self.parts.last: None,
            self.parts.status: told_html(self._texts, self._texts.say("delete.done")),
            self.parts.result: empty_html(self._texts, self.examples()),
            self.parts.bar: gr.Row(visible=False),
            self.parts.shared: "",
        }

    def share(self, identifier: str | None, request: gr.Request) -> str:
        """A link that opens this one video, for whoever has it, until its day."""
        if identifier is None or self._share_days <= 0:
            return ""
        value = {"id": identifier, "person": self._visitors.person(request.cookies)}
        link = f"/shared/{self._signer.sign('share', value, seconds=self._share_days * 24 * 3600)}"
        told = escape(self._texts.say("share.link", days=f"{self._share_days:g}"))
        return (
            f'<p><label for="shared-link">{told}</label></p><div class="copy"><input id="shared-link" readonly data-link="{link}" value="{link}">'
            f'<button type="button" data-copied="{escape(self._texts.say("share.copied"))}">{escape(self._texts.say("share.copy"))}</button></div>'
        )

    # -- Looking

    def open(self, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        yield self._no_refusals()
        yield from self._follow(str(event.value), request)

    def resume(self, last: str | None, request: gr.Request) -> Iterator[Update]:
        """What this browser asked for last, also when the page was closed or loaded again meanwhile."""
        # Without a word from here, Gradio would empty every one of the outputs.
        yield {self.parts.status: gr.skip()}
        if last is None:
            return
        try:
            generation = self._client.get(last, self._asker(request))
        except ApiError as error:
            if error.is_away or error.is_locked_out:
                yield {self.parts.status: self._told(error)}
            return  # forgotten otherwise: nothing of it is missed
        yield self._show(generation)
        if generation["status"] not in FINAL:
            yield from self._follow(last, request)

    def list_again(self, pages: int, request: gr.Request) -> str:
        try:
            found, after = self._client.recent(min(pages, _PAGES) * _PAGE, self._asker(request))
        except ApiError as error:
            return f'<p class="nothing">{marked(self._sentence(error))}</p>'
        return gallery_html(found, self._texts, has_more=after is not None and pages < _PAGES)

    def older(self, pages: int, request: gr.Request) -> tuple[str, int]:
        return self.list_again(pages + 1, request), pages + 1

    def check(self, asked: dict[str, Any] | None, request: gr.Request) -> Iterator[str]:
        if not asked:
            yield ""
            return
        yield f'<p role="status">{escape(self._texts.say("check.looking"))}</p>'
        try:
            yield verdict_html(self._client.verify(self._file(asked), self._asker(request)), self._texts)
        except ApiError as error:
            yield f'<p class="refusal" role="alert">{marked(self._sentence(error))}</p>'

    def leave(self, request: gr.Request) -> None:
        self._looks.pop(request.session_hash, None)

    # -- Inside

    def _another(self, identifier: str | None, changes: dict[str, Any], request: gr.Request) -> Iterator[Update]:
        if identifier is None:
            return
        yield self._sending()
        try:
            accepted = self._client.again(identifier, changes, self._asker(request))
        except ApiError as error:
            yield self._failed(error)
            return
        yield self._show(accepted)
        yield from self._follow(accepted["id"], request)

    def _follow(self, identifier: str, request: gr.Request) -> Iterator[Update]:
        visitor = request.session_hash
        look = self._looks[visitor] = self._looks.get(visitor, 0) + 1
        try:
            for generation in self._client.watch(identifier, self._asker(request)):
                if self._looks.get(visitor) != look:
                    return
                yield self._show(generation)
        except ApiError as error:
            yield self._failed(error)

    def _show(self, generation: Generation) -> Update:
        identifier, status = generation["id"], generation["status"]
        is_open = status in ("queued", "running")
        has_video = generation["links"]["video"] is not None and not is_open
        link = (
            f'<a class="button" href="/media/{escape(identifier)}/video?download=1" download="humo-{escape(identifier)}.mp4">'
            f"{escape(self._texts.say('download'))}</a>"
        )
        return {
            self.parts.current: identifier,
            self.parts.last: identifier,
            self.parts.status: status_html(generation, self._texts),
            self.parts.result: result_html(generation, self._texts),
            self.parts.create: gr.Button(interactive=not is_open),
            self.parts.stop: gr.Button(visible=is_open),
            self.parts.bar: gr.Row(visible=not is_open),
            self.parts.download: link if has_video else "",
            self.parts.shared: "",
            self.parts.delete: gr.Button(visible=self._features.delete),
            self.parts.really: gr.Button(visible=False),
        }

    def _sending(self) -> Update:
        return {
            self.parts.status: told_html(self._texts, self._texts.say("status.sending")),
            self.parts.create: gr.Button(interactive=False),
            **self._no_refusals(),
        }

    def _no_refusals(self) -> Update:
        return dict.fromkeys(self.parts.refused.values(), "")

    def _failed(self, error: ApiError) -> Update:
        """What the form says when something was refused: at the field, with the cursor there, or where everything is said."""
        said, rest = placed(error)
        refused: Update = {}
        focused = False
        for part in PARTS:
            text = said.get(part)
            refused[self.parts.refused[part]] = "" if text is None else _refusal_html(part, text, focus=not focused)
            focused = focused or text is not None
        lead, more = self._texts.say("status.refused"), self._texts.say("status.look_there")
        told = told_html(self._texts, lead, more, kind="failed") if rest == "" else self._told(error)
        return {
            self.parts.status: told,
            self.parts.create: gr.Button(interactive=True),
            self.parts.stop: gr.Button(visible=False),
            **refused,
        }

    def _told(self, error: ApiError) -> str:
        say = self._texts.say
        if error.is_locked_out:
            return told_html(self._texts, say("status.locked_out"), say("status.locked_out_details"), kind="failed")
        if error.is_away:
            return told_html(self._texts, say("status.away"), say("status.away_details"), kind="failed")
        return told_html(self._texts, say("status.refused"), str(error), kind="failed")

    def _sentence(self, error: ApiError) -> str:
        if error.is_locked_out:
            return self._texts.say("status.locked_out")
        return self._texts.say("status.away") if error.is_away else str(error)

    def _price_of(self, estimate: dict[str, Any]) -> str:
        position = estimate["position"]
        gpu = self._texts.duration(estimate["gpuSeconds"])
        if position["held"] is not None:
            return f"{self._texts.say('price.held', gpu=gpu)}\n{waiting_text(position, self._texts)}"
        if position["workers"] == 0:
            return self._texts.say("price.idle", gpu=gpu)
        wait = self._texts.duration(until(position["expectedEndAt"]))
        return self._texts.say("price.perhaps" if position["guess"] else "price", gpu=gpu, wait=wait)

    def _usual_estimates(self, asker: Asker) -> dict[str, float]:
        """Seconds on the GPU of a video of the usual length, by preset; asked once in a while for everybody."""
        asked_at, known = self._estimates
        if not self._features.estimate or time.monotonic() - asked_at < _ESTIMATES_KEPT:
            return known
        usual = self._presets["frames"]["default"] / self._presets["fps"]
        sketch = {"prompt": "…", "images": 1, "audioSeconds": usual}
        found = {name: self._client.estimate({**sketch, "preset": name}, asker)["gpuSeconds"] for name in self._by_name}
        self._estimates = (time.monotonic(), found)
        return found

    def _form(self, values: tuple[Any, ...]) -> Form:
        given = dict(zip(FORM, values, strict=True))
        for name, is_there in (("agreed", self._features.agreed), ("clean", self._features.clean)):
            if not is_there:
                given[name] = None
        for name in ("seconds", "seed"):
            given[name] = self._number(name, str(given[name] or ""))
        # What is not ticked is left to the server: it knows whether that is needed.
        return Form(
            **{
                **given,
                "pictures": given["pictures"] or [],
                "sound": given["sound"] or None,
                "clean": given["clean"] if given["clean"] in ("on", "off") else None,
                "agreed": given["agreed"] or None,
            }
        )

    def _number(self, name: str, text: str) -> float | None:
        if text.strip() == "":
            return None
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < 0:
            raise ApiError("", status=400, fields={name: self._texts.say("number.wrong")})
        return number

    def _file(self, given: dict[str, Any]) -> Path:
        for folder in (self._folder, FOLDER):
            try:
                return sent_file(given, folder)
            except ValueError:
                continue
        raise ApiError(self._texts.say("upload.unknown"), status=422)

    def _asker(self, request: gr.Request) -> Asker:
        return Asker(self._visitors.person(request.cookies), self._texts.language)


def _refusal_html(part: str, text: str, *, focus: bool) -> str:
    """What page.js takes as a call to mark the field, and to put the cursor there."""
    lines = "".join(f"<p>{marked(line)}</p>" for line in text.split("\n"))
    return f'<div class="refusal" role="alert" data-part="{part}"{" data-focus" if focus else ""}>{lines}</div>'
