"""The environment, checked once."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """Every problem at once, for the person who starts this."""


@dataclass(frozen=True)
class Settings:
    api_url: str
    token: str
    host: str
    port: int
    #: name and password; None: nobody has to log in, which is for loopback alone
    login: tuple[str, str] | None
    #: how long links last that people share, in days; 0: nobody can make any, and none opens
    share_days: float


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError. An empty variable counts as not set."""
    given = {name: value for name, value in environment.items() if value != ""}
    problems: list[str] = []
    token = given.get("WEB_API_TOKEN", "")
    if token == "":
        problems.append(
            "WEB_API_TOKEN is not set: make one with `npm run api-token -- create --name web --scopes generate,read,cancel,people`; in containers `docker compose exec bot node src/api/token-command.ts` and the same"
        )
    api_url = given.get("WEB_API_URL", "http://127.0.0.1:8787").rstrip("/")
    if not api_url.startswith(("http://", "https://")):
        problems.append("WEB_API_URL must begin with http:// or https://")
    host = given.get("WEB_HOST", "127.0.0.1")
    port_text = given.get("WEB_PORT", "7860")
    if not (port_text.isdecimal() and 1 <= int(port_text) <= 65535):
        problems.append("WEB_PORT must be a number from 1 to 65535")
        port_text = "0"
    name, password = given.get("WEB_USERNAME"), given.get("WEB_PASSWORD")
    if (name is None) != (password is None):
        problems.append("WEB_USERNAME and WEB_PASSWORD belong together: set both, or none")
    elif password is None and not is_loopback(host):
        problems.append(f"WEB_HOST={host} lets others in: set WEB_USERNAME and WEB_PASSWORD")
    elif password is not None and not is_loopback(host) and len(password) < 12:
        problems.append("WEB_PASSWORD must have at least 12 characters where others can reach the page")
    share_days = _days(given.get("WEB_SHARE_DAYS", "0"))
    if share_days is None:
        problems.append("WEB_SHARE_DAYS must be a number of days, at most 30; 0 or nothing: videos cannot be shared by link")
        share_days = 0
    if problems:
        raise SettingsError("\n".join(f"  - {problem}" for problem in problems))
    login = None if name is None or password is None else (name, password)
    return Settings(api_url=api_url, token=token, host=host, port=int(port_text), login=login, share_days=share_days)


def _days(text: str) -> float | None:
    try:
        days = float(text)
    except ValueError:
        return None
    # Records and videos are kept for a month: no link can last longer.
    return days if 0 <= days <= 30 else None


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
