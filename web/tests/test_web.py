"""What the page knows by itself; what it does with the API is played in a browser, by tests/e2e/web.test.ts."""

import json
import unittest
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from humo_web.app import status_line
from humo_web.client import ApiClient, ApiError
from humo_web.settings import SettingsError, load_settings
from humo_web.window import clock, sound_seconds, used_seconds

EXAMPLES = Path(__file__).parents[2] / "examples"
PRESETS = {"fps": 25, "frames": {"default": 97, "minimum": 5, "maximum": 129}}
OPEN = {"WEB_API_TOKEN": "x"}


class Window(unittest.TestCase):
    def test_a_long_sound_gives_the_usual_length(self) -> None:
        self.assertEqual(used_seconds(0, 63, PRESETS), (0, 97 / 25))
        self.assertEqual(used_seconds(12, 63, PRESETS), (12, 12 + 97 / 25))

    def test_a_little_more_than_the_usual_length_is_taken_whole(self) -> None:
        self.assertEqual(used_seconds(1.5, 6.4, PRESETS), (1.5, 6.4))

    def test_nothing_is_left_beyond_the_end(self) -> None:
        self.assertEqual(used_seconds(9, 6.4, PRESETS), (9, 9))

    def test_lengths_are_read_and_what_is_no_sound_has_none(self) -> None:
        self.assertAlmostEqual(sound_seconds(EXAMPLES / "speech.ogg") or 0, 6.4, places=1)
        self.assertIsNone(sound_seconds(EXAMPLES / "portrait.png"))

    def test_times_read_as_on_a_clock(self) -> None:
        self.assertEqual([clock(0), clock(9.96), clock(59.97), clock(63.2)], ["0:00.0", "0:10.0", "1:00.0", "1:03.2"])


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


class StatusLine(unittest.TestCase):
    def test_running_failed_and_done(self) -> None:
        nothing = {"position": None, "progress": None, "result": None, "failure": None}
        progress = {"stage": "denoise", "step": 3, "steps": 8, "etaSeconds": 125}
        running = status_line({**nothing, "status": "running", "progress": progress})
        self.assertEqual(running, "**Painting the frames** – step 3 of 8. About 2 min 5 s left.")
        failure = {"code": "x", "message": "No."}
        self.assertIn("No.", status_line({**nothing, "status": "failed", "failure": failure}))
        result = {"width": 1, "height": 2, "seconds": 3.0, "seed": 4, "weights": "official"}
        self.assertNotIn("noise", status_line({**nothing, "status": "delivered", "result": result}))


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

    def test_what_is_refused_is_said(self) -> None:
        with self.assertRaisesRegex(ApiError, r"^That is why\.$"):
            self.watch([self.refuses(404)])


if __name__ == "__main__":
    unittest.main()
