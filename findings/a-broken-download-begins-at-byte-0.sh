#!/usr/bin/env bash
# huggingface_hub 1.17.0 and 1.18.0: what is left of a large file when its transfer breaks.
#
# One would guess: hf_hub_download goes on where it stopped. It did for years, `resume_download` was taken away because it always does, the log says
# "Trying to resume download", and whoever fetches 60 GB of weights over a poor line builds on calling it again.
#
# True: since 1.18.0 every call writes to a file with a random name, begins at byte 0, and deletes that file when it fails. Only within one call
# it goes on. Up to 1.17.0 what was fetched stayed as <etag>.incomplete, and the next call asked for the rest. Seen here with a file of
# 64 MiB whose first transfer is cut in the middle: the second call of 1.17.0 asks from byte 31457280 on, that of 1.18.0 from 0. So do 1.32.0, 1.33.0 and 2.4.0, the newest on 29 November 2026.
# The reason is a good one (two processes on file systems whose locks do nothing wrote into one file), and the release's number says nothing of it.
#
# Why it matters: models of this field are single files of 10 to 30 GB. Retries around hf_hub_download, which every downloader of weights has,
# fetch the same gigabytes again and again, and never end where the line holds for less time than one file takes.
#
# Needs bash, Python 3.11 and the package index; takes a minute and 100 MB of disk, all in a folder that is deleted at the end. The server is on
# this machine.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/trial.py" <<'PYTHON'
"""Fetches a file whose first transfer is cut in the middle, twice. Prints the bytes that the requests began at, and what was left in between."""

import hashlib
import os
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BODY = bytes(range(256)) * (64 * 1024 * 1024 // 256)
ETAG, COMMIT = hashlib.sha256(BODY).hexdigest(), "0" * 40
begun: list[int] = []
cutting = True


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as one file needs: its sum, its commit, and ranges of it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def tell(self, start: int) -> None:
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{ETAG}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(BODY) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.end_headers()

    def do_HEAD(self):
        self.tell(0)

    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        begun.append(start)
        self.tell(start)
        self.wfile.write(BODY[start : len(BODY) // 2 if cutting else len(BODY)])
        self.close_connection = True


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(HF_ENDPOINT=f"http://127.0.0.1:{server.server_port}", HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
from huggingface_hub import hf_hub_download  # noqa: E402 - it reads the variables when it is imported

with tempfile.TemporaryDirectory() as name:
    try:
        hf_hub_download("someone/model", "weights.safetensors", revision=COMMIT, local_dir=name)
        raise SystemExit("the transfer was not cut")
    except Exception:
        left = sum(file.stat().st_size for file in Path(name).rglob("*.incomplete"))
    broken, cutting = len(begun), False
    path = hf_hub_download("someone/model", "weights.safetensors", revision=COMMIT, local_dir=name)
    assert Path(path).read_bytes() == BODY
    print(f"left {left}, second call from {begun[broken]}")
PYTHON

changed=0
check() { # VERSION EXPECTED
  python3.11 -m venv "$folder/$1"
  "$folder/$1/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "huggingface_hub==$1"
  said=$("$folder/$1/bin/python" "$folder/trial.py" 2> /dev/null)
  echo "huggingface_hub $1: $said"
  [ "$said" = "$2" ] || changed=1
}
check 1.17.0 "left 31457280, second call from 31457280"
check 1.18.0 "left 0, second call from 0"
[ "$changed" = 0 ] && echo "as it was seen" || echo "otherwise than it was seen"
exit "$changed"
