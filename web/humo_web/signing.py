"""Values that come back from a browser unchanged or not at all: who somebody is, that they logged in, and what a link shares."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any


class Signer:
    """HMAC-SHA-256 with a key of its own for each purpose, so that no value of one kind passes as another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, purpose: str, value: dict[str, Any], *, seconds: float) -> str:
        """The value as text that a URL and a cookie take, good for so many seconds from now."""
        body = _encode(json.dumps({**value, "until": int(time.time() + seconds)}, separators=(",", ":")).encode())
        return f"{body}.{self._tag(purpose, body)}"

    def read(self, purpose: str, text: str | None) -> dict[str, Any] | None:
        """None where it was not signed here for this purpose, was changed, or its time is over."""
        body, _, tag = (text or "").partition(".")
        if not hmac.compare_digest(tag.encode(errors="replace"), self._tag(purpose, body).encode()):
            return None
        value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return value if value["until"] > time.time() else None

    def _tag(self, purpose: str, body: str) -> str:
        key = hmac.digest(self._secret, purpose.encode(), "sha256")
        return _encode(hmac.digest(key, body.encode(errors="replace"), "sha256"))


def short_hash(text: str) -> str:
    """As the API takes the name of a person: what stands in a cookie never leaves the page."""
    return _encode(hashlib.sha256(text.encode()).digest())[:32]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
