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
from .faces import face_in
from .gallery import gallery_html
from .order import Form, base_of, changes_of, order_of, sent_file, sketch_of
from .refusals import PARTS, field_of, placed
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
#: Seconds for which the page goes on looking for an API that is away, beyond the minute that the client takes for it each time.
_AWAY_PATIENCE = 3600.0
_LOOK_AGAIN = 5.0

Update = dict[Any, Any]


@dataclass
class Parts:
    """The components that change."""

    current: Any
    base: Any
    status: Any
    result: Any
    create: Any
    stop: Any
    bar: Any
    better: Any
    download: Any
    share: Any
    shared: Any
    delete: Any
    really: Any
    gallery: Any
    pages: Any
    listing: Any
    base_note: Any
    price: Any
    pricing: Any
    verdict: Any
    refused: dict[str, Any]
    form: dict[str, Any]

    @property
    def outputs(self) -> list[Any]:
        fields = [self.form[name] for name in FORM if name != "base"]
        here = [self.current, self.base, self.status, self.result, self.create, self.stop, self.bar]
        more = [self.better, self.download, self.share, self.shared, self.delete, self.really, self.base_note]
        return [*here, *more, *self.listed, *self.refused.values(), *fields]

    @property
    def listed(self) -> list[Any]:
        """What shows what was made lately."""
        return [self.gallery, self.pages, self.listing]

    @property
    def begun(self) -> list[Any]:
        """What is known only when somebody comes."""
        return [self.status, self.base_note, self.create, self.form["voice"], self.form["preset"], *self.priced, *self.listed]

    @property
    def priced(self) -> list[Any]:
        """What says what it would cost now."""
        return [self.price, self.pricing]


class Actions:
    """Those of one language. `parts` is set when the page is laid out."""

    parts: Parts

    def __init__(self, site: Site, texts: Texts) -> None:
        self._client = site.client
        self._presets = site.presets
        self._by_name = {preset["name"]: preset for preset in site.presets["presets"]}
        self._models = {model["id"]: model["title"] for model in site.presets["models"]}
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

    @property
    def presets(self) -> list[str]:
        return list(self._by_name)

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

    def begin(self, request: gr.Request, chosen: str, pages: int, *values: Any) -> Update:
        """When the page is opened, with what the browser has kept of the form: `chosen` is the voice."""
        asker = self._asker(request)
        fields = self.parts.form
        begun = self.based(_base(values[FORM.index("base")]))
        try:
            begun[fields["voice"]] = self._voice_field(chosen, asker)
            begun[fields["preset"]] = gr.Radio(choices=self.preset_choices(self._usual_estimates(asker)))
        except ApiError as error:
            begun[self.parts.status] = self._told(error)
        return {**begun, **self.price(request, *values), **self._listed(pages, asker)}

    def price(self, request: gr.Request, *values: Any) -> Update:
        """It is asked for again by itself while something stands in the way that ends by itself: a pause, or an API that is away."""
        if not self._features.estimate:
            return self._priced("", is_passing=False)
        try:
            form = self._form(values)
            estimate = self._client.estimate(sketch_of(form, self._by_name[form.preset]), self._asker(request))
        except ApiError as error:
            if error.code == "prompt_alone":
                unknown = f'<p class="price">{escape(self._texts.say("price.unknown"))}</p>'  # nobody has begun yet
                return self._priced(unknown, is_passing=False)
            sentence = f'<p class="price unsure">{marked(self._sentence(error))}</p>'
            return self._priced(sentence, is_passing=error.status == 0 or error.status >= 500)
        position = estimate["position"]
        is_passing = position["held"] is not None or position["workers"] == 0
        return self._priced(f'<p class="price">{marked(self._price_of(estimate))}</p>', is_passing=is_passing)

    def heard(self, sound: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        """The length of a sound and its peaks, counted by the API, or what the API refuses it for."""
        if not self._features.sound:
            return {}
        try:
            heard = self._client.sound(self._file(sound), self._asker(request))
        except ApiError as error:
            return {"refusal": self._sentence(error)}
        return {"seconds": heard["seconds"], "peaks": heard.get("peaks", [])}

    def seen(self, picture: dict[str, Any]) -> dict[str, Any]:
        """Where the face is in a picture; nothing where none is found."""
        try:
            return {"face": face_in(self._file(picture))}
        except ApiError:
            return {"face": None}  # a file that is gone: the order says so

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
            pictures = [self._file(picture, "image") for picture in form.pictures]
            sound = None if form.sound is None else self._file(form.sound, "audio")
            if form.base is None:
                accepted = self._client.create(order_of(form, preset), pictures, sound, asker)
            else:
                accepted = self._client.again(form.base["id"], changes_of(form, preset), asker, pictures, sound)
        except ApiError as error:
            yield self._failed(error)
            return
        # Whoever edits goes on from what they have just asked for, with all its files.
        base = None if form.base is None else base_of(accepted["request"], accepted["id"])
        yield {**self._accepted(accepted, asker), self.parts.base: base}
        yield from self._follow(accepted["id"], request)

    def run_example(self, preset: str, shape: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """One press: the form shows what is asked for, and it is asked for. Nobody is in these pictures: they are drawn."""
        example = next((one for one in EXAMPLES if one.name == event.value), None)
        if example is None:
            yield self._no_more()
            return
        prompt = self._texts.say(f"example.{example.name}")
        picture = {"path": str(FOLDER / example.picture), "url": f"/examples/{example.picture}", "name": example.picture}
        sound = {"path": str(FOLDER / example.sound), "url": f"/examples/{example.sound}", "name": example.sound}
        fields = self.parts.form
        shown = {fields["prompt"]: prompt, fields["pictures"]: [picture], fields["sound"]: sound, fields["words"]: ""}
        yield {**shown, **self.drop_base()}
        values = {name: None for name in FORM} | {"prompt": prompt, "pictures": [picture], "sound": sound, "words": ""}
        values |= {"voice": "", "negative": "", "preset": preset, "shape": shape, "agreed": True}
        yield from self.create(request, *values.values())

    def again(self, identifier: str | None, request: gr.Request) -> Iterator[Update]:
        yield from self._another(identifier, {}, request)

    def better(self, identifier: str | None, request: gr.Request) -> Iterator[Update]:
        """The same seed with the next preset of the list, as the button in Discord does."""
        if identifier is None:
            yield self._no_more()
            return
        try:
            made = self._client.get(identifier, self._asker(request))["request"]
        except ApiError as error:
            yield self._failed(error)
            return
        better = self._better_than(made["preset"])
        if better is None:
            yield self._no_more()
        else:
            yield from self._another(identifier, {"preset": better, "seed": made["seed"]}, request)

    def vary(self, identifier: str | None, count: int, request: gr.Request) -> Iterator[Update]:
        """Several seeds at once. The first is shown while it is made, the others appear in the list."""
        if identifier is None:
            yield self._no_more()
            return
        yield self._sending()
        asker, first, note = self._asker(request), None, ""
        for _number in range(min(4, max(2, int(count)))):
            try:
                accepted = self._client.again(identifier, {"seed": secrets.randbelow(_SEEDS)}, asker)
            except ApiError as error:
                if first is None:
                    yield self._failed(error)
                    return
                note = self._sentence(error)
                break  # as many as the limits allow, and why there are no more
            first = first or accepted
        if first is not None:
            yield self._accepted(first, asker)
            yield from self._follow(first["id"], request, note)

    def edit(self, identifier: str | None, request: gr.Request) -> Update:
        """The form as it was for this one. Its files stay where they are, and are used again."""
        if identifier is None:
            return {self.parts.status: gr.skip()}
        asker = self._asker(request)
        try:
            made = self._client.get(identifier, asker)["request"]
            speech = made["speech"] or {}
            voice = self._voice_field(speech.get("voice"), asker)
        except ApiError as error:
            return self._failed(error)
        fields = self.parts.form
        has_sound = made["audio"] is not None or made["speech"] is not None
        base = base_of(made, identifier)
        return {
            fields["prompt"]: made["prompt"],
            fields["pictures"]: [],
            fields["sound"]: None,
            fields["words"]: speech.get("text") or "",
            fields["voice"]: voice,
            fields["preset"]: made["preset"] if made["preset"] in self._by_name else gr.skip(),
            fields["shape"]: made["shape"],
            fields["negative"]: made.get("negativePrompt") or "",
            fields["seconds"]: "" if has_sound else f"{made['seconds']:g}",
            fields["seed"]: str(made["seed"]),
            fields["audio_scale"]: made["scales"]["audio"],
            fields["text_scale"]: made["scales"]["text"],
            self.parts.base: base,
            **self.based(base),
            self.parts.create: gr.Button(self._texts.say("create.again"), interactive=True),
            **self._no_refusals(),
        }

    def based(self, base: dict[str, Any] | None) -> Update:
        """What the form says of the video whose files are used again."""
        if base is None:
            return {self.parts.base_note: "", self.parts.create: gr.Button(self._texts.say("create"))}
        say = self._texts.say
        drop = f'<button type="button" data-base="1">{escape(say("base.drop"))}</button>'
        return {
            self.parts.base_note: f'<p class="note">{escape(say("base"))} {drop}</p>',
            self.parts.create: gr.Button(say("create.again")),
        }

    def drop_base(self) -> Update:
        return {self.parts.base: None, **self.based(None)}

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
            return
        yield self._no_more()

    def delete(self, identifier: str | None, base: Any, request: gr.Request) -> Update:
        if identifier is None:
            return {self.parts.status: gr.skip()}
        try:
            self._client.delete(identifier, self._asker(request))
        except ApiError as error:
            return {self.parts.status: self._told(error)}
        return {
            self.parts.current: None,
            **(self.drop_base() if (_base(base) or {}).get("id") == identifier else {}),
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
        yield self._no_more()
        if not last:
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

    def list_again(self, pages: int, request: gr.Request) -> Update:
        return self._listed(pages, self._asker(request))

    def older(self, pages: int, request: gr.Request) -> Update:
        return self._listed(pages + 1, self._asker(request))

    def check(self, asked: dict[str, Any] | None, request: gr.Request) -> Iterator[str]:
        if not asked:
            yield ""
            return
        yield f'<p role="status">{escape(self._texts.say("check.looking"))}</p>'
        try:
            verdict = self._client.verify(self._file(asked), self._asker(request))
            yield verdict_html(verdict, self._texts, self._models)
        except ApiError as error:
            yield f'<p class="refusal" role="alert">{marked(self._sentence(error))}</p>'

    def leave(self, request: gr.Request) -> None:
        self._looks.pop(request.session_hash, None)

    # -- Inside

    def _listed(self, pages: int, asker: Asker) -> Update:
        """What was made lately. It is looked at again and again while some of it is still on its way."""
        try:
            found, after = self._client.recent(min(pages, _PAGES) * _PAGE, asker)
        except ApiError as error:
            told = f'<p class="nothing">{marked(self._sentence(error))}</p>'
            return {self.parts.gallery: told, self.parts.pages: pages, self.parts.listing: gr.Timer(active=False)}
        has_more = after is not None and pages < _PAGES
        is_moving = any(generation.get("status") not in FINAL for generation in found)
        return {
            self.parts.gallery: gallery_html(found, self._texts, has_more=has_more),
            self.parts.pages: pages,
            self.parts.listing: gr.Timer(active=is_moving),
        }

    def _accepted(self, generation: Generation, asker: Asker) -> Update:
        return {**self._show(generation), **self._listed(1, asker)}

    def _better_than(self, preset: str) -> str | None:
        """The next preset of the list, as the button in Discord has it; None for the last, and for one that is not there any more."""
        names = list(self._by_name)
        place = names.index(preset) if preset in names else len(names)
        return names[place + 1] if place + 1 < len(names) else None

    def _another(self, identifier: str | None, changes: dict[str, Any], request: gr.Request) -> Iterator[Update]:
        if identifier is None:
            yield self._no_more()
            return
        yield self._sending()
        asker = self._asker(request)
        try:
            accepted = self._client.again(identifier, changes, asker)
        except ApiError as error:
            yield self._failed(error)
            return
        yield self._accepted(accepted, asker)
        yield from self._follow(accepted["id"], request)

    def _follow(self, identifier: str, request: gr.Request, note: str = "") -> Iterator[Update]:
        """Shows one until its end; `note`: what else there is to say meanwhile."""
        visitor = request.session_hash
        look = self._looks[visitor] = self._looks.get(visitor, 0) + 1
        seen_at = time.monotonic()
        while True:
            try:
                for generation in self._client.watch(identifier, self._asker(request)):
                    if self._looks.get(visitor) != look:
                        yield self._no_more()
                        return
                    seen_at = time.monotonic()
                    yield self._show(generation, note)
                return
            except ApiError as error:
                if self._looks.get(visitor) != look:
                    yield self._no_more()
                    return
                # An API that is back, or has its queue again, goes on by itself: nobody has to open the page anew for that.
                if not error.is_away or time.monotonic() - seen_at > _AWAY_PATIENCE:
                    yield self._failed(error)
                    return
                yield {self.parts.status: self._told(error)}
            time.sleep(_LOOK_AGAIN)

    def _show(self, generation: Generation, note: str = "") -> Update:
        identifier, status = generation["id"], generation["status"]
        is_open = status in ("queued", "running")
        has_video = generation["links"]["video"] is not None and not is_open
        link = (
            f'<a class="button" href="/media/{escape(identifier)}/video?download=1" download="humo-{escape(identifier)}.mp4">'
            f"{escape(self._texts.say('download'))}</a>"
        )
        return {
            self.parts.current: identifier,
            self.parts.status: status_html(generation, self._texts, note),
            self.parts.result: result_html(generation, self._texts),
            self.parts.create: gr.Button(interactive=not is_open),
            self.parts.stop: gr.Button(visible=is_open),
            self.parts.bar: gr.Row(visible=not is_open),
            self.parts.better: gr.Button(
                visible=has_video and self._features.again and self._better_than(generation["request"]["preset"]) is not None
            ),
            self.parts.download: link if has_video else "",
            self.parts.share: gr.Button(visible=has_video and self._share_days > 0),
            self.parts.shared: "",
            self.parts.delete: gr.Button(visible=self._features.delete),
            self.parts.really: gr.Button(visible=False),
        }

    def _no_more(self) -> Update:
        """The end of what others may have gone on from: when a generator is done, Gradio sends its last update once more, after theirs.

        And what a generator yields that changes nothing: of one without any update, Gradio empties all outputs.
        """
        return {self.parts.status: gr.skip()}

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
        if error.code == "not_agreed":
            # The API speaks to whoever writes a program.
            said = {"agreed": self._texts.say("agreed.missing")}
        refused: Update = {}
        focused = False
        for part in PARTS:
            text = said.get(part)
            field = field_of(error) if part == "more" else part
            refused[self.parts.refused[part]] = "" if text is None else _refusal_html(part, text, field, focus=not focused)
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

    def _priced(self, told: str, *, is_passing: bool) -> Update:
        return {self.parts.price: told, self.parts.pricing: gr.Timer(active=is_passing)}

    def _price_of(self, estimate: dict[str, Any]) -> str:
        position = estimate["position"]
        takes = self._texts.duration(estimate["gpuSeconds"])
        if position["held"] is not None:
            return f"{self._texts.say('price.held', time=takes)}\n{waiting_text(position, self._texts)}"
        if position["workers"] == 0:
            return self._texts.say("price.idle", time=takes)
        wait = self._texts.duration(until(position["expectedEndAt"]))
        return self._texts.say("price.perhaps" if position["guess"] else "price", time=takes, wait=wait)

    def _voice_field(self, chosen: str | None, asker: Asker) -> Any:
        """All who can speak now, with `chosen` among them or nobody; not there where nobody can."""
        choices = voice_choices(self._client.voices(asker), self._texts)
        is_there = any(name == chosen for _title, name in choices)
        return gr.Dropdown(choices=choices, value=chosen if is_there else "", visible=len(choices) > 1)

    def _usual_estimates(self, asker: Asker) -> dict[str, float]:
        """Seconds that a machine works on a video of the usual length, by preset; asked once in a while for everybody."""
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
                "base": _base(given["base"]),
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
            told = {"seconds": self._texts.say("number.wrong_seconds"), "seed": self._texts.say("number.wrong_seed")}[name]
            raise ApiError(told, status=400, fields={name: told})
        return number

    def _file(self, given: dict[str, Any], field: str = "") -> Path:
        """`field`: which one it is for the API, so that it is said there when the file is gone."""
        for folder in (self._folder, FOLDER):
            try:
                return sent_file(given, folder)
            except ValueError:
                continue
        told = self._texts.say("upload.unknown")
        raise ApiError(told, status=422, fields={field: told} if field else {})

    def _asker(self, request: gr.Request) -> Asker:
        return Asker(self._visitors.person(request.cookies), self._texts.language)


def _base(given: Any) -> dict[str, Any] | None:
    """The form keeps it in the browser, which may say anything: what is none is none, and whose it is, the API knows."""
    if not isinstance(given, dict) or not isinstance(given.get("id"), str) or not isinstance(given.get("images"), int):
        return None
    parts = {name: given[name] if isinstance(given.get(name), dict) else None for name in ("audio", "speech")}
    return {"id": given["id"], "images": given["images"], **parts}


def _refusal_html(part: str, text: str, field: str, *, focus: bool) -> str:
    """What page.js takes as a call to mark `field`, the id of an element, and to put the cursor there."""
    lines = "".join(f"<p>{marked(line)}</p>" for line in text.split("\n"))
    return (
        f'<div class="refusal" role="alert" data-part="{part}" data-field="{field}"{" data-focus" if focus else ""}>{lines}</div>'
    )
