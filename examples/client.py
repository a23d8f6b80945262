"""Asks the HTTP API for a video, waits for it and writes it to a file. Needs Python 3.9 and nothing else.

    API=http://127.0.0.1:8080 TOKEN=… python examples/client.py video.mp4 "A friendly robot speaks" portrait.png speech.ogg

Whoever is to be seen and heard has to agree first: `agreed` says that they do. docs/api.md tells what else can be asked for.
"""

import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

API = os.environ.get("API", "http://127.0.0.1:8080")
TOKEN = os.environ["TOKEN"]
SOUNDS = re.compile(
    r"\.(aac|aiff?|amr|avi|flac|m4[av]|mk[av]|mov|mp[34]|og[ag]|opus|wav|webm|wma)$",
    re.IGNORECASE,
)


def call(path, body=None, headers=None):
    """One request. A refusal ends the program with the API's own words; what is over soon is asked again when the API says so."""
    for attempt in range(5):
        pause = 5.0
        request = urllib.request.Request(
            API + path, body, {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            pause = float(error.headers.get("Retry-After", "inf"))
            if pause > 60 or attempt == 4:
                sys.exit(json.load(error)["detail"])
        except (OSError, http.client.HTTPException) as error:
            if attempt == 4:
                sys.exit(f"{API} does not answer: {error}")
        time.sleep(pause)


def form(order, files):
    """The order and its files as multipart/form-data (RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = [("request", "", json.dumps(order).encode())]
    parts += [
        (
            "audio" if SOUNDS.search(file) else "image",
            '; filename="file"',
            Path(file).read_bytes(),
        )
        for file in files
    ]
    lines = b""
    for name, filename, data in parts:
        lines += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode()
            + data
            + b"\r\n"
        )
    return lines + f"--{boundary}--\r\n".encode(), {
        "Content-Type": f"multipart/form-data; boundary={boundary}"
    }


def main(target, prompt, *files):
    body, headers = form({"prompt": prompt, "agreed": True}, files)
    # The same key makes one video, however often the request is sent.
    generation = json.loads(
        call("/v1/generations", body, {**headers, "Idempotency-Key": uuid.uuid4().hex})
    )
    while generation["status"] not in ("delivered", "failed", "cancelled"):
        time.sleep(1)
        generation = json.loads(call(f"/v1/generations/{generation['id']}"))
    if generation["status"] != "delivered":
        sys.exit((generation["failure"] or {}).get("message", generation["status"]))
    Path(target).write_bytes(call(f"/v1/generations/{generation['id']}/video"))
    print(f"{target}: seed {generation['request']['seed']}")


main(*sys.argv[1:])
