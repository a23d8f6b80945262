"""Who visits: a random name in a signed cookie for everybody, and one that says that they have logged in."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers

from .signing import Signer, short_hash

PERSON_COOKIE = "humo-person"
SESSION_COOKIE = "humo-session"
_YEAR = 365 * 24 * 3600
_MONTH = 30 * 24 * 3600


@dataclass(frozen=True)
class Visitors:
    """Makes and reads the cookies. With another API token all of them are somebody new: the API would not know them either."""

    signer: Signer

    def person(self, cookies: Mapping[str, str]) -> str | None:
        """The name that the API knows this person by; None for a browser that keeps no cookies."""
        known = self.signer.read("person", cookies.get(PERSON_COOKIE))
        return None if known is None else short_hash(str(known["name"]))

    def new_person(self) -> str:
        """A cookie for somebody new."""
        return self.signer.sign("person", {"name": secrets.token_urlsafe(24)}, seconds=_YEAR)

    def is_in(self, cookies: Mapping[str, str]) -> bool:
        return self.signer.read("session", cookies.get(SESSION_COOKIE)) is not None

    def session(self) -> str:
        return self.signer.sign("session", {}, seconds=_MONTH)


def cookie_header(name: str, value: str, headers: Headers, scheme: str) -> str:
    """For Set-Cookie: not for scripts, not for other sites, and over TLS alone where the page is reached by it."""
    age = _YEAR if name == PERSON_COOKIE else _MONTH
    secure = "; Secure" if headers.get("x-forwarded-proto", scheme) == "https" else ""
    return f"{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
