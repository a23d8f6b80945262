"""What the page knows by itself; what it does with the API is played in a browser, by tests/e2e/web.test.ts."""

import asyncio
import json
import unittest
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from humo_web.client import ApiClient, ApiError
from humo_web.guard import Guard
from humo_web.settings import SettingsError, load_settings
from humo_web.status import ago, status_html, told_html
from humo_web.voices import voice_choices
from humo_web.window import clock, sound_seconds, used_seconds

EXAMPLES = Path(__file__).parents[2] / "examples"
PRESETS = {"length": {"default": 30, "maximum": 120}}
OPEN = {"WEB_API_TOKEN": "x"}


class Window(unittest.TestCase):
    def test_a_long_sound_is_used_up_to_the_longest_video(self) -> None:
        self.assertEqual(used_seconds(0, 63, PRESETS), (0, 30))
        self.assertEqual(used_seconds(12, 63, PRESETS), (12, 42))

    def test_what_is_shorter_is_taken_whole(self) -> None:
        self.assertEqual(used_seconds(1.5, 6.4, PRESETS), (1.5, 6.4))

    def test_nothing_is_left_beyond_the_end(self) -> None:
        self.assertEqual(used_seconds(9, 6.4, PRESETS), (9, 9))

    def test_lengths_are_read_and_what_is_no_sound_has_none(self) -> None:
        self.assertAlmostEqual(sound_seconds(EXAMPLES / "speech.ogg") or 0, 6.4, places=1)
        self.assertIsNone(sound_seconds(EXAMPLES / "portrait.png"))

    def test_times_read_as_on_a_clock(self) -> None:
        self.assertEqual([clock(0), clock(9.96), clock(59.97), clock(63.2)], ["0:00.0", "0:10.0", "1:00.0", "1:03.2"])


class Voices(unittest.TestCase):
    def test_voices_stand_by_language_after_nobody_in_particular(self) -> None:
        voices = [
            {"name": "joe", "language": "en", "region": "US", "kind": "man"},
            {"name": "thorsten", "language": "de", "region": "DE", "kind": "man"},
            {"name": "bella", "language": "en", "region": "US", "kind": "woman"},
        ]
        self.assertEqual([name for _title, name in voice_choices(voices)], ["", "joe", "bella", "thorsten"])
        self.assertIn(("Joe · English (US) · man", "joe"), voice_choices(voices))
        self.assertEqual(len(voice_choices([])), 1)


class Settings(unittest.TestCase):
    def test_this_machine_alone_needs_no_login(self) -> None:
        settings = load_settings({**OPEN, "WEB_USERNAME": ""})
        self.assertEqual((settings.host, settings.port, settings.login), ("127.0.0.1", 7860, None))

    def test_others_are_let_in_with_a_login_alone(self) -> None:
        for given in ({}, {"WEB_USERNAME": "a"}, {"WEB_USERNAME": "a", "WEB_PASSWORD": "short"}):
            with self.assertRaises(SettingsError):
                load_settings({**OPEN, "WEB_HOST": "0.0.0.0", **given})
        login = {"WEB_USERNAME": "a", "WEB_PASSWORD": "long-enough-for-all"}
        self.assertEqual(load_settings({**OPEN, "WEB_HOST": "::", **login}).login, ("a", "long-enough-for-all"))

    def test_every_problem_is_named_at_once(self) -> None:
        with self.assertRaises(SettingsError) as caught:
            load_settings({"WEB_PORT": "x", "WEB_API_URL": "ftp://x"})
        for name in ("WEB_API_TOKEN", "WEB_PORT", "WEB_API_URL"):
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
        running = status_html({**self.nothing, "status": "running", "progress": progress})
        self.assertIn("Painting the frames", running)
        self.assertIn("Step 3 of 8. About 2 min 5 s left.", running)
        self.assertIn('value="0.375"', running)
        failure = {"code": "x", "message": "No."}
        self.assertIn("<p>No.</p>", status_html({**self.nothing, "status": "failed", "failure": failure}))
        result = {"width": 1, "height": 2, "seconds": 3.0, "seed": 4, "weights": "official"}
        self.assertNotIn("noise", status_html({**self.nothing, "status": "delivered", "result": result}))
        self.assertIn("noise", status_html({**self.nothing, "status": "delivered", "result": {**result, "weights": "random"}}))

    def test_what_waits_says_for_what(self) -> None:
        def waiting(**changed: object) -> str:
            return status_html({**self.nothing, "status": "queued", "position": {**self.place, **changed}})

        self.assertIn("number 2 of 3", waiting())
        self.assertIn("Starts in about 0 s.", waiting())
        self.assertIn("perhaps", waiting(guess=True))
        self.assertIn("No machine", waiting(workers=0))
        held = waiting(held={"by": "deployment", "until": "2020-01-01T00:00:00.000Z", "reason": "<new {cards}>"})
        self.assertIn("paused at the moment. Why: &lt;new {cards}&gt;", held)
        self.assertIn("It goes on in about", held)
        self.assertNotIn("Starts in", held)
        self.assertNotIn("Why", waiting(held={"by": "deployment", "until": None, "reason": None}))

    def test_words_of_others_are_words(self) -> None:
        self.assertIn("&lt;img src=x onerror=alert(1)&gt; <code>a</code>", told_html("x", "<img src=x onerror=alert(1)> `a`"))
        noted = status_html({**self.nothing, "status": "running", "maintenance": "<b>Back at noon</b>"})
        self.assertIn("&lt;b&gt;Back at noon&lt;/b&gt;", noted)

    def test_how_long_ago(self) -> None:
        now = datetime(2026, 1, 3, tzinfo=UTC)
        said = [ago(now - timedelta(**by), now) for by in ({"seconds": 20}, {"minutes": 5}, {"hours": 3}, {"days": 3})]
        self.assertEqual(said, ["just now", "5 min ago", "3 h ago", "3 days ago"])


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


Answer = Callable[[BaseHTTPRequestHandler], None]


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

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        client = ApiClient(f"http://127.0.0.1:{server.server_port}", "x")
        try:
            return [seen["status"] for seen in client.watch("1")], asked
        finally:
            client.close()
            server.shutdown()
            server.server_close()

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
