"""What the page knows by itself; what it does with the API is played in a browser, by tests/e2e/web.test.ts."""

import asyncio
import json
import re
import socket
import string
import tempfile
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

import gradio as gr
import httpx
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from humo_web.actions import Actions
from humo_web.ahead import styles, with_files
from humo_web.client import ApiClient, ApiError, Asker, Media
from humo_web.examples import EXAMPLES, FOLDER
from humo_web.faces import face_in
from humo_web.first_sight import finisher
from humo_web.gallery import gallery_html
from humo_web.guard import Guard
from humo_web.kept import Kept
from humo_web.media import shared_routes
from humo_web.order import Form, base_of, changes_of, clock, order_of, sent_file, sketch_of
from humo_web.refusals import placed
from humo_web.settings import SettingsError, load_settings
from humo_web.signing import Signer
from humo_web.status import status_html, told_html
from humo_web.texts import LANGUAGES, language_of, texts_for
from humo_web.verdict import verdict_html
from humo_web.voices import voice_choices

OPEN = {"WEB_API_TOKEN": "x"}
EN = texts_for("en")
STANDARD = {"name": "standard", "scales": {"audio": 5.5, "text": 5.0}}


class Words(unittest.TestCase):
    def test_every_text_is_there_in_all_languages_with_the_same_values(self) -> None:
        def values(text: str) -> set[str | None]:
            return {name for _literal, name, _format, _conversion in string.Formatter().parse(text) if name is not None}

        english = dict(EN.items())
        for language in LANGUAGES:
            words = dict(texts_for(language).items())
            self.assertEqual(words.keys(), english.keys(), language)
            for key, text in words.items():
                self.assertEqual(values(text), values(english[key]), f"{language} {key}")
                self.assertNotEqual(text.strip(), "", f"{language} {key}")

    def test_every_key_that_is_asked_for_exists_and_every_text_is_asked_for(self) -> None:
        sources = "".join(file.read_text() for file in (Path(__file__).parents[1] / "humo_web").glob("*.[pj]*"))
        known = {key for key, _text in EN.items()}
        asked = set(re.findall(r"""(?:say|maybe)\(\s*"([\w.-]+)\"""", sources)) | set(
            re.findall(r"words\['([\w.-]+)'\]", sources)
        )
        self.assertEqual(asked - known, set())
        # Those whose last part is chosen while the page runs, and those that stand in the source by name.
        families = re.compile(
            r"^(preset|shape|language|voice|clean|stage|state|example|verdict|login|result|note|price|pictures|sound|check)\."
        )
        unused = {key for key in known if key not in sources and not families.match(key)}
        self.assertEqual(unused, set())

    def test_where_a_video_comes_from_is_said_with_who_vouches_for_it(self) -> None:
        signature = {
            "signer": "untrusted",
            "name": "Famous <b>Co</b>",
            "intact": True,
            "expired": True,
            "generator": "Tool 1",
            "weights": None,
        }
        verdict = {
            "origin": "elsewhere",
            "madeWithAi": True,
            "changed": False,
            "signature": signature,
            "watermark": None,
            "generation": None,
        }
        models = {"1_7b": "HuMo 1.7B"}
        said = verdict_html(verdict, EN, models)
        for words in ("Signed as “Famous &lt;b&gt;Co&lt;/b&gt;”. Nobody has confirmed", "has expired", "made with Tool 1"):
            self.assertIn(words, said)
        made = {"createdAt": "2026-01-01T00:00:00+00:00", "model": "1_7b", "weights": "mini", "preset": "own"}
        said = verdict_html(verdict | {"origin": "here", "signature": None, "generation": made}, EN, models)
        for words in ("with HuMo 1.7B (own)", "Small demo model"):
            self.assertIn(words, said)
        broken = verdict_html(verdict | {"signature": signature | {"intact": False}}, EN, models)
        self.assertIn("match any more", broken)
        self.assertNotIn("Tool 1", broken)

    def test_in_french_no_line_breaks_before_a_sign(self) -> None:
        texts = [text for _key, text in texts_for("fr").items()]
        self.assertTrue(any("\u00a0?" in text for text in texts))
        self.assertEqual([text for text in texts if re.search(r"\S [:;!?»]|« ", text)], [])
        self.assertFalse(any("\u00a0" in text for _key, text in EN.items()))

    def test_the_browser_chooses(self) -> None:
        for accepted, language in (
            (None, "en"),
            ("", "en"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("pt-BR,pt;q=0.9,ja;q=0.8,fr;q=0.85", "fr"),
            ("es;q=0,ja;q=0.1", "ja"),
            ("xx;q=nonsense", "en"),
        ):
            self.assertEqual(language_of(accepted), language, accepted)

    def test_lengths_and_ages(self) -> None:
        self.assertEqual([EN.duration(s) for s in (0.4, 59, 60, 125, 3700)], ["0 s", "59 s", "1 min", "2 min 5 s", "1 h 1 min"])
        self.assertEqual([EN.roughly(s) for s in (0, 45, 372)], ["1 s", "45 s", "6 min"])
        now = datetime(2026, 1, 3, tzinfo=UTC)
        said = [EN.ago(now - timedelta(**by), now) for by in ({"seconds": 20}, {"minutes": 5}, {"hours": 3}, {"days": 3})]
        self.assertEqual(said, ["just now", "5 min ago", "3 h ago", "3 days ago"])
        self.assertEqual([clock(0), clock(9.96), clock(59.97), clock(63.2)], ["0:00.0", "0:10.0", "1:00.0", "1:03.2"])

    def test_voices_stand_by_language_after_nobody_in_particular(self) -> None:
        voices = [
            {"name": "joe", "language": "en", "region": "US", "kind": "man"},
            {"name": "thorsten", "language": "de", "region": "DE", "kind": "man"},
            {"name": "bella", "language": "en", "region": "US", "kind": "woman"},
        ]
        self.assertEqual([name for _title, name in voice_choices(voices, EN)], ["", "joe", "bella", "thorsten"])
        self.assertIn(("Joe · English (US) · man", "joe"), voice_choices(voices, EN))


class Orders(unittest.TestCase):
    def test_what_is_left_as_it_is_is_left_out(self) -> None:
        form = Form("A robot", preset="standard", shape="square", audio_scale=5.5, text_scale=5.0)
        self.assertEqual(order_of(form, STANDARD), {"prompt": "A robot", "preset": "standard", "shape": "square"})

    def test_a_sound_goes_before_words_and_its_window_is_told_where_it_cuts(self) -> None:
        sound = {"path": "x", "seconds": 6.4, "start": 1.5, "end": 6.4}
        order = order_of(Form("A", sound=sound, words="Hi", voice="joe", seconds=3), STANDARD)
        self.assertEqual({key: order[key] for key in order if key not in ("prompt", "preset", "shape")}, {"audioStart": 1.5})
        self.assertEqual(order_of(Form("A", sound={**sound, "end": 4.0}), STANDARD)["audioEnd"], 4.0)
        self.assertEqual(order_of(Form("A", words="Hi", voice="joe"), STANDARD)["say"], "Hi")
        self.assertEqual(order_of(Form("A", seconds=3), STANDARD)["seconds"], 3)

    def test_a_price_needs_no_files_and_no_sentence(self) -> None:
        sketch = sketch_of(Form("", pictures=[{}, {}], sound={"path": "x", "seconds": 6.4, "start": 2}, agreed=True), STANDARD)
        self.assertEqual((sketch["images"], sketch["audioSeconds"], sketch["audioStart"]), (2, 6.4, 2))
        self.assertNotIn("agreed", sketch)
        self.assertNotIn("audioStart", sketch_of(Form("", sound={"path": "x", "start": 2}), STANDARD))

    def test_an_edit_says_what_is_different_and_costs_what_its_old_files_cost(self) -> None:
        audio = {"startSeconds": 1.0, "endSeconds": 4.0, "sourceSeconds": 6.4}
        sung = base_of({"images": 2, "audio": audio, "speech": None}, "01A")
        form = Form("A", base=sung, agreed=True)
        self.assertNotIn("agreed", changes_of(form, STANDARD))
        sketch = sketch_of(form, STANDARD)
        told = {"images": 2, "audioSeconds": 6.4, "audioStart": 1.0, "audioEnd": 4.0}
        self.assertEqual({key: sketch[key] for key in told}, told)
        # A new sound takes the place of the old one, a new picture that of all old ones; somebody has to agree to both.
        mixed = Form("A", pictures=[{}], sound={"path": "x", "seconds": 3.0}, base=sung, agreed=True)
        self.assertTrue(changes_of(mixed, STANDARD)["agreed"])
        self.assertEqual((sketch_of(mixed, STANDARD)["images"], sketch_of(mixed, STANDARD)["audioSeconds"]), (1, 3.0))
        said = base_of({"images": 1, "audio": None, "speech": {"text": "Hi", "voice": "joe", "language": "en"}}, "01A")
        for words, voice, changed in (("Hi", "joe", False), ("Hi", "", False), ("Hi", "alba", True), ("Hello", "joe", True)):
            changes = changes_of(Form("A", words=words, voice=voice, base=said), STANDARD)
            self.assertEqual("say" in changes, changed, (words, voice))

    def test_no_file_but_one_that_was_sent_here_is_read(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "a.png").write_bytes(b"x")
            (folder / "out").symlink_to("/etc/hostname")
            self.assertEqual(sent_file({"path": str(folder / "a.png")}, folder).name, "a.png")
            for path in ("/etc/passwd", str(folder / ".." / "x"), str(folder), str(folder / "out"), ""):
                with self.assertRaises(ValueError, msg=path):
                    sent_file({"path": path}, folder)

    def test_examples_are_there(self) -> None:
        for one in EXAMPLES:
            for file in (one.picture, one.sound, f"{one.name}.mp4"):
                self.assertGreater((FOLDER / file).stat().st_size, 1000)


class Faces(unittest.TestCase):
    def test_a_face_is_where_it_is_seen_and_no_file_is_too_strange(self) -> None:
        with tempfile.TemporaryDirectory() as name, Image.open(FOLDER / "person.png") as person:
            wide, lying, none = (Path(name, file) for file in ("wide.jpg", "lying.jpg", "none.png"))
            scene = Image.new("RGB", (1600, 1200), "#8fb4d0")
            scene.paste(person.convert("RGB").resize((360, 210)), (900, 500))
            scene.save(wide)
            # As phones write it: lying, with a note of how to turn it.
            exif = Image.Exif()
            exif[0x0112] = 6
            scene.transpose(Image.Transpose.ROTATE_90).save(lying, exif=exif)
            none.write_text("no picture")
            for file in (wide, lying):
                face = face_in(file) or {}
                self.assertAlmostEqual(face["x"] + face["width"] / 2, (900 + 180) / 1600, delta=0.03, msg=file)
                self.assertAlmostEqual(face["y"] + face["height"] / 2, (500 + 100) / 1200, delta=0.05, msg=file)
                self.assertLess(face["width"] * 1600 / 1200, 0.2)
            for drawn in ("person.png", "person-glasses.png", "portrait.png"):
                self.assertGreater((face_in(FOLDER / drawn) or {})["width"], 0.2, drawn)
            self.assertIsNone(face_in(none))


class Addresses(unittest.TestCase):
    def test_an_id_stays_one_part_of_an_address(self) -> None:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.raw_path.decode())
            return httpx.Response(404, json={"detail": "no"})

        client = ApiClient("http://api", "x")
        client._http = httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
        for identifier in ("../webhook-secret", "..", "a/../../b?c#d", "half \ud800"):
            with self.assertRaises(ApiError):
                client.get(identifier, Asker(None, "en"))
        self.assertEqual({path.count("/") for path in asked}, {3})
        self.assertEqual([path for path in asked if "/.." in path or "?" in path], [])


class Refusals(unittest.TestCase):
    def test_each_is_said_where_it_belongs(self) -> None:
        def parts(code: str = "", **fields: str) -> dict[str, str]:
            return placed(ApiError("All of it", status=422, code=code, fields=fields))[0]

        self.assertEqual(parts(image2="broken"), {"pictures": "broken"})
        self.assertEqual(parts(audio="silent", prompt="long"), {"sound": "silent", "prompt": "long"})
        self.assertEqual(parts(**{"request.scales.audio": "high"}), {"more": "high"})
        self.assertEqual(parts("prompt_alone"), {"pictures": "All of it"})
        self.assertEqual(placed(ApiError("Too many", status=429, code="too_many_waiting")), ({}, "Too many"))


class Signatures(unittest.TestCase):
    def test_what_was_signed_for_one_purpose_until_its_day_and_nothing_else(self) -> None:
        signer = Signer("secret")
        link = signer.sign("share", {"id": "1"}, seconds=60)
        self.assertEqual((signer.read("share", link) or {})["id"], "1")
        body, _, tag = link.partition(".")
        other = signer.sign("share", {"id": "2"}, seconds=60).partition(".")[0]
        for text in (None, "", ".", body, f"{other}.{tag}", f"{body}.{tag[:-1]}", f"{body}.ü"):
            self.assertIsNone(signer.read("share", text), text)
        self.assertIsNone(signer.read("session", link))
        self.assertIsNone(Signer("another").read("share", link))
        self.assertIsNone(signer.read("share", "half \ud800.\udc00"))
        self.assertIsNone(signer.read("share", signer.sign("share", {"id": "1"}, seconds=-1)))


class Shared(unittest.TestCase):
    def test_a_link_to_a_video_that_was_deleted_says_that_it_is_over(self) -> None:
        signer, source = Signer("secret"), mock.Mock()
        app = Starlette(routes=[*shared_routes(source, signer)])
        link = signer.sign("share", {"id": "01A", "person": None}, seconds=60)

        async def look(answer: int) -> httpx.Response:
            source.open = mock.AsyncMock(return_value=Media(httpx.Response(answer)))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as visitor:
                return await visitor.get(f"/shared/{link}")

        self.assertEqual(
            {answer: asyncio.run(look(answer)).status_code for answer in (206, 404, 410)}, {206: 200, 404: 410, 410: 410}
        )
        # An API that is away for a moment ends no link.
        self.assertIn("<video", asyncio.run(look(502)).text)


class Gallery(unittest.TestCase):
    good: ClassVar[dict[str, Any]] = {
        "id": "01A",
        "status": "delivered",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "request": {"prompt": "<b>A robot</b>"},
        "links": {"video": "/v1/generations/01A/video"},
    }

    def test_one_bad_record_is_one_bad_card(self) -> None:
        bad: list[dict[str, Any]] = [
            {},
            {**self.good, "createdAt": "yesterday"},
            {**self.good, "status": "dreaming"},
            {**self.good, "request": {}},
        ]
        with self.assertLogs("humo_web.gallery", "WARNING"):
            html = gallery_html([*bad, self.good], EN)
        self.assertEqual((html.count("can’t be shown"), html.count("data-open")), (4, 1))
        self.assertIn("&lt;b&gt;A robot", html)
        gallery_html([{**self.good, "request": {"prompt": "A \ud800"}}], EN).encode()


class Settings(unittest.TestCase):
    def test_this_machine_alone_needs_no_login(self) -> None:
        settings = load_settings({**OPEN, "WEB_USERNAME": ""})
        self.assertEqual((settings.host, settings.port, settings.login, settings.share_days), ("127.0.0.1", 7860, None, 0))

    def test_others_are_let_in_with_a_login_alone(self) -> None:
        for given in ({}, {"WEB_USERNAME": "a"}, {"WEB_USERNAME": "a", "WEB_PASSWORD": "short"}):
            with self.assertRaises(SettingsError):
                load_settings({**OPEN, "WEB_HOST": "0.0.0.0", **given})
        login = {"WEB_USERNAME": "a", "WEB_PASSWORD": "long-enough-for-all"}
        self.assertEqual(load_settings({**OPEN, "WEB_HOST": "::", **login}).login, ("a", "long-enough-for-all"))

    def test_every_problem_is_named_at_once(self) -> None:
        with self.assertRaises(SettingsError) as caught:
            load_settings({"WEB_PORT": "x", "WEB_API_URL": "ftp://x", "WEB_SHARE_DAYS": "31"})
        for name in ("WEB_API_TOKEN", "WEB_PORT", "WEB_API_URL", "WEB_SHARE_DAYS"):
            self.assertIn(name, str(caught.exception))


class Status(unittest.TestCase):
    nothing: ClassVar[dict[str, Any]] = {"position": None, "progress": None, "result": None, "failure": None, "maintenance": None}
    place: ClassVar[dict[str, Any]] = {
        "position": 2,
        "waiting": 3,
        "expectedStartAt": "2020-01-01T00:00:00.000Z",
        "workers": 1,
        "guess": False,
        "held": None,
    }

    def test_running_failed_and_done(self) -> None:
        progress = {"stage": "denoise", "step": 3, "steps": 8, "etaSeconds": 125}
        running = status_html({**self.nothing, "status": "running", "progress": progress}, EN)
        self.assertIn("Painting the frames", running)
        self.assertIn("Step 3 of 8. About 2 min 5 s left.", running)
        self.assertIn('value="0.375"', running)
        failure = {"code": "x", "message": "No."}
        self.assertIn("<p>No.</p>", status_html({**self.nothing, "status": "failed", "failure": failure}, EN))
        self.assertIn("Here it is.", status_html({**self.nothing, "status": "delivered", "result": {}}, EN))

    def test_what_waits_says_for_what(self) -> None:
        def waiting(**changed: object) -> str:
            return status_html({**self.nothing, "status": "queued", "position": {**self.place, **changed}}, EN)

        self.assertIn("number 2 of 3", waiting())
        self.assertIn("Starts in about 0 s.", waiting())
        self.assertIn("perhaps", waiting(guess=True))
        self.assertIn("No machine", waiting(workers=0))
        held = waiting(held={"by": "deployment", "until": "2020-01-01T00:00:00.000Z", "reason": "<new {cards}>"})
        self.assertIn("paused right now. Why: &lt;new {cards}&gt;", held)
        self.assertIn("It resumes in about", held)
        self.assertNotIn("Starts in", held)
        self.assertNotIn("Why", waiting(held={"by": "deployment", "until": None, "reason": None}))

    def test_words_of_others_are_words(self) -> None:
        self.assertIn("&lt;img src=x onerror=alert(1)&gt; <code>a</code>", told_html(EN, "x", "<img src=x onerror=alert(1)> `a`"))
        noted = status_html({**self.nothing, "status": "running", "maintenance": "<b>Back at noon</b>"}, EN)
        self.assertIn("&lt;b&gt;Back at noon&lt;/b&gt;", noted)


class FirstSight(unittest.TestCase):
    page = (
        '<!doctype html>\n<html\n\tlang="en"\n>\n<head><meta property="og:title" content="Gradio" />\n<meta\n\tproperty="og:image"\n'
        '\tcontent="https://elsewhere.example/a.jpg"\n/><meta name="twitter:creator" content="@Gradio" /><meta charset="utf-8" /></head>'
        "<body><gradio-app></gradio-app></body></html>"
    )

    def test_a_page_speaks_its_language_of_itself_and_can_be_written_in(self) -> None:
        said = texts_for("de").say
        made = finisher(300)("/de/", self.page.encode()).decode()
        self.assertIn('lang="de"', made)
        head, _ = made.split("</head>")
        self.assertNotRegex(head, "Gradio|elsewhere")
        self.assertIn(f'<meta property="og:description" content="{said("introduction")}">', made)
        self.assertLess(made.index("</gradio-app>"), made.index('<div id="first-sight"'))
        self.assertIn(
            f'<label for="first-prompt">{said("prompt")}</label><textarea id="first-prompt" rows="2" maxlength="300"', made
        )

    def test_a_page_names_the_files_that_it_is_going_to_ask_for_as_far_as_they_are_there(self) -> None:
        path, whole = styles()
        assets = Path(gr.__file__).parent / "templates" / "frontend"
        written = (assets / "index.html").read_text(encoding="utf-8")
        head = written[: written.index("</head>")]
        made = with_files(f'{head}<script>{{"theme_hash": "0a1"}}</script>')
        self.assertIn(f'<link rel="stylesheet" href="{path}">', made)
        self.assertIn('<link rel="preload" as="style" href="./theme.css?v=0a1">', made)
        named = re.findall(r'href="\./(assets/[\w.-]+)"', made)
        self.assertEqual(len(named), len(set(named)))
        for file in named:
            self.assertTrue((assets / file).is_file(), file)
            if file.endswith(".css"):
                self.assertIn((assets / file).read_bytes(), whole)
        # Only the one of all styles is asked for, and nothing in it is found from where it lies.
        self.assertEqual(len(re.findall(r'<link rel="stylesheet"(?! disabled)', made)), 1)
        self.assertNotRegex(whole.decode(), r"url\((?!.?data:)|@import")

    def test_a_page_that_is_built_otherwise_is_no_half_page(self) -> None:
        for mark in ("</head>", "</gradio-app>"):
            with self.assertRaisesRegex(ValueError, mark):
                finisher(300)("/en/", self.page.replace(mark, "").encode())


class WhatIsKept(unittest.TestCase):
    def test_what_is_the_same_for_everybody_is_made_once_and_nothing_of_one_visitor_gets_into_it(self) -> None:
        asked: list[tuple[str, dict[str, str]]] = []

        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            asked.append((scope["path"], headers))
            there = "gone" not in scope["path"]
            kind = "text/css" if scope["path"].endswith(".css") else "text/html"
            await PlainTextResponse(f"for {json.dumps(headers)} " + "x" * 1000, 200 if there else 404, media_type=kind)(
                scope, receive, send
            )

        async def ask() -> None:
            kept = Kept(page, finish=lambda path, body: b"finished " + path.encode() + body)
            transport = httpx.ASGITransport(kept)
            async with httpx.AsyncClient(transport=transport, base_url="http://one.example") as client:

                async def get(path: str, **headers: str) -> httpx.Response:
                    return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

                first = await get("/en/", cookie="humo-person=ada", x_gradio_server="http://evil.example")
                self.assertEqual(first.text, (await get("/en/", cookie="humo-person=bob")).text)
                self.assertTrue(first.text.startswith("finished /en/for "))
                self.assertEqual(first.headers["content-encoding"], "br")
                self.assertNotIn("cache-control", first.headers)
                self.assertEqual(asked, [("/en/", {"host": "one.example"})])
                await get("/en/", host="two.example")
                await get("/de/")
                plain = await get("/en/", accept_encoding="identity")
                self.assertNotIn("content-encoding", plain.headers)
                self.assertEqual(len(asked), 4)

                file = await get("/en/assets/index-Di.css")
                self.assertFalse(file.text.startswith("finished"))
                self.assertEqual((await get("/ja/assets/index-Di.css")).content, file.content)
                self.assertIn("immutable", file.headers["cache-control"])
                self.assertEqual(len(asked), 5)

                # What is not there may be tomorrow; what has a query, or is somebody's own, is not the same for everybody.
                for path in (
                    "/en/assets/gone.css",
                    "/en/?deep_link=1",
                    "/en/assets/index.css?1",
                    "/en/gradio_api/info",
                    "/media/1",
                ):
                    before = len(asked)
                    first, second = await get(path, cookie="a=b"), await get(path, cookie="a=b")
                    self.assertEqual(first.status_code, second.status_code)
                    self.assertNotIn("cache-control", second.headers)
                    self.assertEqual(len(asked), before + 2, path)

        asyncio.run(ask())


class GuardAtTheDoor(unittest.TestCase):
    """What a browser sends for pages of its own and of others, against the door alone."""

    def answer(self, host: str, headers: dict[str, str], *, has_login: bool, method: str = "POST") -> int:
        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse("the page")(scope, receive, send)

        async def ask() -> int:
            transport = httpx.ASGITransport(Guard(page, has_login=has_login))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                answer = await client.request(method, "/", headers=headers)
                if answer.status_code == 200:
                    self.assertEqual(answer.headers["content-security-policy"], "frame-ancestors 'self'")
                return answer.status_code

        return asyncio.run(ask())

    def test_without_a_login_only_names_of_this_machine_are_answered(self) -> None:
        for host in ("127.0.0.1:7860", "localhost:7860", "[::1]:7860", "127.0.0.1"):
            self.assertEqual(self.answer(host, {"origin": f"http://{host}"}, has_login=False), 200, host)
        for host in ("evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0:7860"):
            self.assertEqual(self.answer(host, {"origin": f"http://{host}"}, has_login=False), 421, host)
        self.assertEqual(self.answer("humo.example.org", {}, has_login=True), 200)

    def test_pages_of_others_are_refused_and_links_are_not(self) -> None:
        host = "humo.example.org"
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "https://humo.example.org", "sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        ):
            self.assertEqual(self.answer(host, headers, has_login=True), 403, headers)
        for headers in (
            {},
            {"origin": "https://humo.example.org"},
            {"sec-fetch-site": "same-origin"},
            {"sec-fetch-site": "none"},
        ):
            self.assertEqual(self.answer(host, headers, has_login=True), 200, headers)
        link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        self.assertEqual(self.answer(host, link, has_login=True, method="GET"), 200)
        frame = {**link, "sec-fetch-dest": "iframe"}
        self.assertEqual(self.answer(host, frame, has_login=True, method="GET"), 403)


class Sending(unittest.TestCase):
    def test_who_finds_no_place_for_an_upload_waits_for_one_and_what_is_refused_otherwise_is_said_at_once(self) -> None:
        answers = [(429, "too_many_uploads"), (503, "busy"), (201, "")]

        def api(_request: httpx.Request) -> httpx.Response:
            status, code = answers.pop(0)
            return httpx.Response(status, json={"detail": "That is why.", "code": code})

        client = ApiClient("http://api.example", "x")
        client._http = httpx.Client(transport=httpx.MockTransport(api), base_url="http://api.example")
        asker = Asker(None, "en")
        with mock.patch("humo_web.client.time.sleep") as waits:
            client.create({}, [], None, asker)
            self.assertEqual((answers, waits.call_count), ([], 2))
            answers.append((429, "too_many_waiting"))
            with self.assertRaisesRegex(ApiError, r"^That is why\.$"):
                client.create({}, [], None, asker)
            self.assertEqual(waits.call_count, 2)


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def client_of(handler: type[BaseHTTPRequestHandler]) -> Iterator[ApiClient]:
    """A client of an API of ours, which answers as the handler does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    client = ApiClient(f"http://127.0.0.1:{server.server_port}", "x")
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()


class Restarts(unittest.TestCase):
    """What comes of an order while the API ends and starts again."""

    def ask(self, *answers: int | None) -> tuple[Any, list[str | None]]:
        """None: the connection breaks off when all of it has come. @returns what came of it, and the keys"""
        left, keys = list(answers), []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                keys.append(self.headers["idempotency-key"])
                status = left.pop(0)
                if status is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                body = json.dumps(
                    {"id": "1"} if status < 400 else {"detail": "Why.", "code": "key_in_use" if status == 409 else "no"}
                ).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with client_of(Handler) as client, mock.patch("humo_web.client.time.sleep"):
            try:
                return client.create({"prompt": "x"}, [], None, Asker(None, "en")), keys
            except ApiError as error:
                return error.status, keys

    def test_it_is_asked_again_under_the_same_key_and_never_without_need(self) -> None:
        made, keys = self.ask(None, 503, None, 409, 202)
        self.assertEqual((made, len(keys), len(set(keys))), ({"id": "1"}, 5, 1))
        for status in (503, 409, 422):
            self.assertEqual(self.ask(status)[0], status)
        self.assertEqual(self.ask(None, 422)[0], 422)
        self.assertNotEqual(self.ask(202)[1], self.ask(202)[1])


class Overtaken(unittest.TestCase):
    """When a generator is done, Gradio sends its last update once more: after whatever others have said meanwhile."""

    def setUp(self) -> None:
        self.actions = object.__new__(Actions)
        self.actions.parts = SimpleNamespace(status="status")
        self.actions._texts, self.actions._looks = EN, {}
        self.actions._asker = lambda request: None
        self.actions._show = lambda generation, note: {"status": generation["id"]}
        self.visitor = SimpleNamespace(session_hash="one")

    def test_a_cancel_leaves_the_last_word_to_the_stream(self) -> None:
        self.actions._client = SimpleNamespace(cancel=lambda identifier, asker: None)
        first, last = self.actions.cancel("a", self.visitor)
        self.assertIn(EN.say("status.cancelling"), first["status"])
        self.assertEqual(last, {"status": gr.skip()})

    def test_who_looks_at_something_else_is_not_brought_back(self) -> None:
        def watch(identifier: str, asker: None) -> Iterator[dict[str, str]]:
            yield {"id": identifier}
            self.actions._looks["one"] += 1  # another is opened
            if identifier == "lost":
                raise ApiError("", status=503)
            yield {"id": identifier}

        self.actions._client = SimpleNamespace(watch=watch)
        for identifier in ("seen", "lost"):
            updates = [*self.actions._follow(identifier, self.visitor)]
            self.assertEqual(updates, [{"status": identifier}, {"status": gr.skip()}])

    def test_an_api_without_its_queue_is_waited_for(self) -> None:
        self.actions._told = lambda error: f"away: {error.status}"
        answers: list[Any] = [ApiError("", status=503), ApiError(""), {"id": "a"}]

        def watch(identifier: str, asker: None) -> Iterator[dict[str, str]]:
            answer = answers.pop(0)
            if isinstance(answer, ApiError):
                raise answer
            yield answer

        self.actions._client = SimpleNamespace(watch=watch)
        with mock.patch("humo_web.actions.time.sleep") as waits:
            updates = [*self.actions._follow("a", self.visitor)]
        self.assertEqual(([one["status"] for one in updates], waits.call_count), (["away: 503", "away: 0", "a"], 2))

    def test_a_price_is_asked_for_again_while_something_passes(self) -> None:
        self.actions.parts = SimpleNamespace(price="price", pricing="pricing")
        self.actions._features = SimpleNamespace(estimate=True, agreed=True, clean=True)
        self.actions._form = lambda values: Form("", preset="standard")
        self.actions._by_name = {"standard": STANDARD}
        self.actions._sentence = lambda error: "away"
        position = {"position": 1, "waiting": 1, "workers": 1, "guess": False, "held": None, "heldUntil": None}
        position |= {"expectedStartAt": "2026-11-30T00:00:00Z", "expectedEndAt": "2026-11-30T00:01:00Z"}
        answers = [{**position, "held": "maintenance"}, {**position, "workers": 0}, position, 503, 0, 422]
        asked = []
        for answer in answers:

            def estimate(sketch: object, asker: None, answer: Any = answer) -> dict[str, Any]:
                if isinstance(answer, int):
                    raise ApiError("", status=answer)
                return {"gpuSeconds": 60, "position": answer}

            self.actions._client = SimpleNamespace(estimate=estimate)
            asked.append(self.actions.price(self.visitor)["pricing"].active)
        self.assertEqual(asked, [True, True, False, True, True, False])

    def test_what_is_refused_for_good_is_not_waited_for(self) -> None:
        def watch(identifier: str, asker: None) -> Iterator[dict[str, str]]:
            raise ApiError("", status=404)
            yield {}

        self.actions._client = SimpleNamespace(watch=watch)
        self.actions._failed = lambda error: {"status": error.status}
        self.assertEqual([*self.actions._follow("a", self.visitor)], [{"status": 404}])


class Watching(unittest.TestCase):
    """Against a server that does, one connection after the other, what servers do when they restart."""

    def watch(self, answers: list[Answer]) -> tuple[list[str], list[str | None]]:
        """The statuses that were seen, and the Last-Event-ID of each connection."""
        asked: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.headers["last-event-id"])
                answers[len(asked) - 1](self)

            def log_message(self, *_: object) -> None:
                pass

        with client_of(Handler) as client:
            return [seen["status"] for seen in client.watch("1", Asker(None, "en"))], asked

    @staticmethod
    def says(*statuses: str) -> Answer:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("content-type", "text/event-stream")
            handler.end_headers()
            for status in statuses:
                text = f"id: {status}-id\nevent: generation\ndata: {json.dumps({'status': status})}\n\n:\n\n"
                handler.wfile.write(text.encode())

        return answer

    @staticmethod
    def refuses(status: int) -> Answer:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("content-type", "application/problem+json")
            handler.end_headers()
            handler.wfile.write(b'{"detail": "That is why."}')

        return answer

    def test_what_broke_off_is_taken_up_where_it_was(self) -> None:
        answers = [self.says("queued"), self.refuses(503), self.says("running", "delivered")]
        self.assertEqual(self.watch(answers), (["queued", "running", "delivered"], ["", "queued-id", "queued-id"]))

    def test_nothing_more_to_come_is_the_end(self) -> None:
        self.assertEqual(self.watch([self.says("queued"), self.refuses(204)]), (["queued"], ["", "queued-id"]))

    def test_where_there_are_too_many_streams_it_is_looked_at_instead(self) -> None:
        def looked_at(handler: BaseHTTPRequestHandler) -> None:
            self.assertEqual(handler.path, "/v1/generations/1")
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b'{"status": "delivered"}')

        self.assertEqual(self.watch([self.refuses(429), looked_at])[0], ["delivered"])

    def test_what_is_refused_is_said(self) -> None:
        with self.assertRaisesRegex(ApiError, r"^That is why\.$"):
            self.watch([self.refuses(404)])


if __name__ == "__main__":
    unittest.main()
