"""A local server that answers the part of the Hugging Face hub's HTTP interface that downloads use."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """`files[repository][path]` is what is served; `large` paths have a SHA-256 in the listing, as LFS files do.

    `cuts[path]`: after how many bytes the next transfers of that path break, one after the other.
    `stalls[path]`: after how many bytes the next transfers of that path stop until `released` is set.
    `refusals[path]`: (status, headers) of the next answers about that path, one after the other.
    `storage`: the address of another server where the bytes of large files lie, as the hub's do; transfers are sent there.
    `whole`: paths of which the server knows no parts: it answers a Range with all of the file.
    `damaged`: paths whose bytes arrive wrong. `requests` lists (method, path, Range, Authorization).
    """

    files: dict[str, dict[str, bytes]]
    large: set[str] = field(default_factory=set)
    commit: str = "c" * 40
    cuts: dict[str, list[int]] = field(default_factory=dict)
    stalls: dict[str, list[int]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    refusals: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    storage: str | None = None
    whole: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    endpoint: str = ""

    def sent(self, path: str) -> list[str | None]:
        """The Range header of each GET of a file."""
        return [ranged for method, asked, ranged, _ in self.requests if method == "GET" and asked == path]


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on a free loopback port while the context lasts; sets `hub.endpoint`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            parts = unquote(urlsplit(self.path).path).strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                self.describe("/".join(parts[2:4]), parts[4:])
            elif len(parts) > 4 and parts[2] == "resolve":
                self.transfer("/".join(parts[:2]), "/".join(parts[4:]))
            else:
                self.send_json(404, {"error": "not found"})

        def describe(self, repository: str, rest: list[str]) -> None:
            hub.requests.append((self.command, "/".join(["api", repository, *rest]), None, self.headers["Authorization"]))
            if repository not in hub.files:
                self.send_json(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            elif rest and rest[0] in ("tree", "revision") and rest[1] not in (hub.commit, "main"):
                self.send_json(404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"})
            elif rest and rest[0] == "tree":
                self.send_json(200, [self.entry(path, body) for path, body in hub.files[repository].items()])
            else:
                self.send_json(200, {"id": repository, "sha": hub.commit, "siblings": [], "tags": []})

        def entry(self, path: str, body: bytes) -> dict[str, object]:
            entry: dict[str, object] = {"type": "file", "path": path, "size": len(body), "oid": blob_id(body)}
            if path in hub.large:
                entry["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 130}
            return entry

        def transfer(self, repository: str, path: str) -> None:
            hub.requests.append((self.command, path, self.headers["Range"], self.headers["Authorization"]))
            if hub.refusals.get(path):
                status, headers = hub.refusals[path].pop(0)
                self.send_json(status, {"error": "not now"}, headers)
                return
            body = hub.files[repository][path]
            etag = hashlib.sha256(body).hexdigest() if path in hub.large else blob_id(body)
            if hub.storage and path in hub.large:
                self.send_json(302, {}, {
                    "Location": f"{hub.storage}{self.path}", "X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(body)),
                    "X-Repo-Commit": hub.commit,
                })  # fmt: skip
                return
            if path in hub.damaged:
                body = bytes([body[0] ^ 1]) + body[1:]
            ranged = self.headers["Range"] if path not in hub.whole else None
            start = int(ranged.removeprefix("bytes=").split("-")[0]) if ranged else 0
            if start >= len(body) and start > 0:
                self.send_json(416, {"error": "beyond"}, {"Content-Range": f"bytes */{len(body)}"})
                return
            self.send_response(206 if start else 200)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("X-Repo-Commit", hub.commit)
            self.send_header("Accept-Ranges", "bytes")
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            if self.command == "HEAD":
                return
            # Who asked may have given up meanwhile.
            with suppress(ConnectionError):
                self.send_body(path, body, start)

        def send_body(self, path: str, body: bytes, start: int) -> None:
            if hub.stalls.get(path):
                until = start + hub.stalls[path].pop(0)
                self.wfile.write(body[start:until])
                self.wfile.flush()
                hub.released.wait()
                start = until
            if hub.cuts.get(path):
                self.wfile.write(body[start : start + hub.cuts[path].pop(0)])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(body[start:])

        def send_json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **(headers or {}),
            }.items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def blob_id(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
