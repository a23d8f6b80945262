"""The HTTP API, as this page uses it. docs/api.md names every address and field."""

import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote

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
_PERSON = "humo-person"
#: Uploads at once. The API keeps places for others: of sixteen, one token gets at most eight, and of four that are verified two.
_SENDING = 4
_VERIFYING = 2
#: Seconds for which somebody waits when the API has no place all the same, because others send as well.
_PLACE_PATIENCE = 60.0
#: Seconds for which an API that ended while an order was sent may take to be back.
_RESTART_PATIENCE = 60.0
_NO_PLACE = frozenset({"busy", "too_many_uploads"})


@dataclass(frozen=True)
class Asker:
    """On whose behalf the page asks, and in which language the answer is read."""

    person: str | None
    language: str


class ApiError(Exception):
    """What a person is to be told, and which part of the form it is about.

    `status` is 0 where the server could not be reached. `fields` are names of the API: `prompt`, `image2`, `audioStart`, …
    """

    def __init__(self, text: str, *, status: int = 0, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.fields = dict(fields or {})

    @property
    def is_away(self) -> bool:
        """The API cannot be reached, or not its queue: trying again later is all that there is to do."""
        return self.status == 0 or self.status >= 500

    @property
    def is_locked_out(self) -> bool:
        """The page's own token does not work any more."""
        return self.status == 401


class ApiClient:
    """Raises ApiError wherever the API does not answer with what was asked for."""

    def __init__(
        self, url: str, token: str, *, away: Callable[[str], str] = lambda language: "I can’t reach the server."
    ) -> None:
        """`away` says in a language that the server cannot be reached."""
        # Proxies of the environment are for the way out; the API is a machine of one's own.
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=_TIMEOUT, trust_env=False)
        self._away = away
        self._has_people: bool | None = None
        self._sending = BoundedSemaphore(_SENDING)
        self._verifying = BoundedSemaphore(_VERIFYING)

    def presets(self, asker: Asker | None = None) -> dict[str, Any]:
        return self._json("GET", "/v1/presets", asker)

    def description(self) -> dict[str, Any]:
        """The OpenAPI document: what this API can do."""
        return self._json("GET", "/v1/openapi.json", None)

    def voices(self, asker: Asker) -> list[dict[str, Any]]:
        """Who can speak typed words; nobody where no worker has said so."""
        return self._json("GET", "/v1/voices", asker)["voices"]

    def create(self, order: dict[str, Any], images: Sequence[Path], audio: Path | None, asker: Asker) -> Generation:
        return self._order("/v1/generations", asker, files=_form(order, images, audio))

    def again(
        self, identifier: str, changes: dict[str, Any], asker: Asker, images: Sequence[Path] = (), audio: Path | None = None
    ) -> Generation:
        """Another one; `changes` are fields of an order. Files take the place of those of their kind, all others are used again."""
        path = f"{_address(identifier)}/again"
        if not images and audio is None:
            return self._order(path, asker, json=changes)
        return self._order(path, asker, files=_form(changes, images, audio))

    def estimate(self, sketch: dict[str, Any], asker: Asker) -> dict[str, Any]:
        """What an order would cost and when it would be done; `images` is a number there, and a sound its `audioSeconds`."""
        return self._json("POST", "/v1/estimates", asker, json=sketch)

    def sound(self, path: Path, asker: Asker) -> dict[str, Any]:
        """How long a sound is, and its peaks."""
        return self._json("POST", "/v1/sounds", asker, files=[("audio", (path.name, path.read_bytes()))])

    def verify(self, path: Path, asker: Asker) -> dict[str, Any]:
        """Where a video comes from."""
        with path.open("rb") as video, self._verifying:
            return self._json("POST", "/v1/verify", asker, files=[("video", (path.name, video))])

    def get(self, identifier: str, asker: Asker) -> Generation:
        return self._json("GET", _address(identifier), asker)

    def recent(self, limit: int, asker: Asker, before: str | None = None) -> tuple[list[Generation], str | None]:
        """Newest first, and what to give as `before` for the next ones."""
        more = "" if before is None else f"&before={before}"
        page = self._json("GET", f"/v1/generations?limit={limit}{more}", asker)
        return page["items"], page["next"]

    def cancel(self, identifier: str, asker: Asker) -> None:
        self._request("POST", f"{_address(identifier)}/cancel", asker)

    def delete(self, identifier: str, asker: Asker) -> None:
        self._request("DELETE", _address(identifier), asker)

    def watch(self, identifier: str, asker: Asker) -> Iterator[Generation]:
        """Every change until the end. A lost connection is taken up again where it broke off."""
        last_event = ""
        failures = 0
        while True:
            try:
                headers = self._headers(asker) | {"last-event-id": last_event}
                path = f"{_address(identifier)}/events"
                with httpx_sse.connect_sse(self._http, "GET", path, headers=headers) as source:
                    if source.response.status_code == 204:
                        return
                    if source.response.status_code == 429:
                        # One person has only so many streams: who opens more pages than that asks again and again.
                        generation = self.get(identifier, asker)
                        yield generation
                        if generation["status"] in FINAL:
                            return
                        time.sleep(_POLL)
                        continue
                    if source.response.is_server_error:
                        raise httpx.TransportError("the server restarts, or lacks its queue")
                    if source.response.is_error:
                        source.response.read()
                        raise problem_of(source.response)
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
                    raise ApiError(self._away(asker.language)) from error
            time.sleep(min(2.0, 0.1 * 2**failures))

    def close(self) -> None:
        self._http.close()

    def headers_of(self, person: str | None) -> dict[str, str]:
        """Says for whom the page asks, where its token may speak for people."""
        return {_PERSON: person} if person is not None and self.has_people() else {}

    def has_people(self) -> bool:
        """Whether the token may tell people apart; with one that may not, all of the page is one person. Asked once."""
        if self._has_people is None:
            answer = self._send("GET", "/v1/presets", {_PERSON: "is-this-one-for-people"})
            if answer.status_code not in (200, 403):
                raise problem_of(answer)
            self._has_people = answer.status_code == 200
        return self._has_people

    def _headers(self, asker: Asker | None) -> dict[str, str]:
        return {} if asker is None else {"accept-language": asker.language, **self.headers_of(asker.person)}

    def _order(self, path: str, asker: Asker, **options: Any) -> Generation:
        """Carried out once, also where the API ends and starts again while it is sent: nobody knows then whether it was accepted, so the
        same is asked again under the same key. An API that is not there to begin with is away at once."""
        key, broke_at = secrets.token_hex(16), None
        while True:
            try:
                return self._json("POST", path, asker, key=key, **options)
            except ApiError as error:
                if broke_at is None:
                    if not isinstance(error.__cause__, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
                        raise
                    broke_at = time.monotonic()
                comes_back = error.is_away or error.code == "key_in_use"
                if not comes_back or time.monotonic() - broke_at > _RESTART_PATIENCE:
                    raise
            time.sleep(_POLL / 3)

    def _json(self, method: str, path: str, asker: Asker | None, **options: Any) -> Any:
        return self._request(method, path, asker, **options).json()

    def _request(self, method: str, path: str, asker: Asker | None, **options: Any) -> httpx.Response:
        """Who sends files waits for a place, as many people as there may be on the page; nobody is told to come again for that."""
        if "files" not in options:
            return self._answered(method, path, asker, **options)
        patience = time.monotonic() + _PLACE_PATIENCE
        while True:
            try:
                with self._sending:
                    return self._answered(method, path, asker, **options)
            except ApiError as error:
                if error.code not in _NO_PLACE or time.monotonic() > patience:
                    raise
            time.sleep(_POLL * random.uniform(0.5, 1))

    def _answered(self, method: str, path: str, asker: Asker | None, *, key: str | None = None, **options: Any) -> httpx.Response:
        language = "en" if asker is None else asker.language
        headers = self._headers(asker) | ({} if key is None else {"idempotency-key": key})
        try:
            response = self._send(method, path, headers, **options)
        except httpx.TransportError as error:
            raise ApiError(self._away(language)) from error
        if response.is_error:
            raise problem_of(response)
        return response

    def _send(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> httpx.Response:
        return self._http.request(method, path, headers=headers, **options)


def _address(identifier: str) -> str:
    """Where a generation is. An id comes from a browser, which may say anything: whatever it is, it stays one part of the address."""
    return f"/v1/generations/{quote(identifier, safe='', errors='replace').replace('.', '%2E')}"


def _form(order: dict[str, Any], images: Sequence[Path], audio: Path | None) -> list[tuple[str, tuple[str | None, bytes]]]:
    files: list[tuple[str, tuple[str | None, bytes]]] = [("request", (None, json.dumps(order).encode()))]
    files += [("image", (image.name, image.read_bytes())) for image in images]
    if audio is not None:
        files.append(("audio", (audio.name, audio.read_bytes())))
    return files


def problem_of(response: httpx.Response) -> ApiError:
    """An answer of the API (RFC 9457) as what a person is told."""
    status = response.status_code
    try:
        body = response.json()
        detail, code = str(body["detail"]), str(body.get("code", ""))
        fields = {str(issue["path"]): str(issue["message"]) for issue in body.get("issues", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return ApiError(f"HTTP {status}", status=status)
    if isinstance(body.get("option"), str):
        fields.setdefault(body["option"], detail)
    return ApiError(detail, status=status, code=code, fields=fields)


@dataclass(frozen=True)
class Media:
    """An answer of the API while it comes."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> httpx.Headers:
        return self.response.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self.response.aiter_raw():
                yield chunk
        finally:
            await self.response.aclose()

    async def close(self) -> None:
        await self.response.aclose()


class MediaSource:
    """Videos and pictures of the API, as streams."""

    def __init__(self, url: str, token: str, client: ApiClient) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=_TIMEOUT, trust_env=False
        )
        self._client = client

    async def open(self, identifier: str, kind: str, person: str | None, headers: Mapping[str, str]) -> Media:
        """`kind` is video, preview or thumbnail. An API that is away is an answer of 502."""
        # As it comes: what is packed for the way is no part that a player could ask for.
        wanted = {**headers, **self._client.headers_of(person), "accept-encoding": "identity"}
        address = httpx.URL(f"{_address(identifier)}/{kind}")
        request = self._http.build_request("GET", address, headers=wanted)
        try:
            return Media(await self._http.send(request, stream=True))
        except httpx.TransportError:
            return Media(httpx.Response(502))
