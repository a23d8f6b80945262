"""The HTTP API, as this page uses it."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import httpx_sse

FINAL = frozenset({"delivered", "failed", "cancelled"})

#: What the API sends as it is; docs/api.md names the fields.
Generation = dict[str, Any]

# An upload waits while the server checks the files; an event stream says something every 15 seconds.
_TIMEOUT = httpx.Timeout(10, read=60, write=120)
_RECONNECTS = 30
#: Seconds between two looks at a generation that cannot be watched.
_POLL = 3.0


class ApiError(Exception):
    """What a person is to be told."""


class ApiClient:
    def __init__(self, url: str, token: str) -> None:
        # Proxies of the environment are for the way out; the API is a machine of one's own.
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=_TIMEOUT, trust_env=False)

    def presets(self, language: str | None = None) -> dict[str, Any]:
        return self._request("GET", "/v1/presets", language).json()

    def voices(self, language: str | None = None) -> list[dict[str, Any]]:
        """Who can speak typed words; nobody where no worker has said so."""
        return self._request("GET", "/v1/voices", language).json()["voices"]

    def create(
        self, order: dict[str, Any], images: Sequence[Path], audio: Path | None, language: str | None = None
    ) -> Generation:
        files: list[tuple[str, tuple[str | None, bytes]]] = [("request", (None, json.dumps(order).encode()))]
        files += [("image", (image.name, image.read_bytes())) for image in images]
        if audio is not None:
            files.append(("audio", (audio.name, audio.read_bytes())))
        return self._request("POST", "/v1/generations", language, files=files).json()

    def get(self, identifier: str, language: str | None = None) -> Generation:
        return self._request("GET", f"/v1/generations/{identifier}", language).json()

    def recent(self, limit: int, language: str | None = None) -> list[Generation]:
        return self._request("GET", f"/v1/generations?limit={limit}", language).json()["items"]

    def cancel(self, identifier: str, language: str | None = None) -> None:
        self._request("POST", f"/v1/generations/{identifier}/cancel", language)

    def download(self, path: str, target: Path) -> Path:
        """Writes what stands at an address of the API to a file."""
        partial = target.with_suffix(".part")
        partial.write_bytes(self._request("GET", path, None).content)
        partial.rename(target)
        return target

    def watch(self, identifier: str, language: str | None = None) -> Iterator[Generation]:
        """Every change until the end. A lost connection is taken up again where it broke off."""
        last_event = ""
        failures = 0
        while True:
            try:
                headers = _headers(language) | {"last-event-id": last_event}
                path = f"/v1/generations/{identifier}/events"
                with httpx_sse.connect_sse(self._http, "GET", path, headers=headers) as source:
                    if source.response.status_code == 204:
                        return
                    if source.response.status_code == 429:
                        # Everybody on the page shares one token, which has only so many streams: whoever comes later asks again and again.
                        generation = self.get(identifier, language)
                        yield generation
                        if generation["status"] in FINAL:
                            return
                        time.sleep(_POLL)
                        continue
                    if source.response.is_server_error:
                        raise httpx.TransportError("the server restarts, or lacks its queue")
                    if source.response.is_error:
                        source.response.read()
                        raise _problem(source.response)
                    for event in source.iter_sse():
                        failures = 0
                        if event.event != "generation":
                            continue
                        last_event = event.id
                        generation = event.json()
                        yield generation
                        if generation["status"] in FINAL:
                            return
            except httpx.TransportError as error:
                failures += 1
                if failures > _RECONNECTS:
                    raise ApiError("I can’t reach the server any more. Look under “Recent” later.") from error
            time.sleep(min(2.0, 0.1 * 2**failures))

    def close(self) -> None:
        self._http.close()

    def _request(self, method: str, path: str, language: str | None, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, headers=_headers(language), **options)
        except httpx.TransportError as error:
            raise ApiError("I can’t reach the server right now. Please try again in a moment.") from error
        if response.is_error:
            raise _problem(response)
        return response


def _headers(language: str | None) -> dict[str, str]:
    return {} if language is None else {"accept-language": language}


def _problem(response: httpx.Response) -> ApiError:
    try:
        body = response.json()
        detail = str(body["detail"])
        issues = [f"{issue['path']}: {issue['message']}" for issue in body.get("issues", [])]
    except (ValueError, KeyError, TypeError):
        return ApiError(f"The server answered with {response.status_code}. Please try again in a moment.")
    about = f"About {body['option']}: " if "option" in body else ""
    return ApiError("\n".join([about + detail, *issues]))
