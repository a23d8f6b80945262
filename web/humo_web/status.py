"""How a generation stands, as HTML that stays in view. Whatever comes from outside is escaped."""

import re
from datetime import UTC, datetime
from html import escape
from typing import Any

from .client import FINAL, Generation
from .texts import Texts


def status_html(generation: Generation, texts: Texts, note: str = "") -> str:
    """The generation in a sentence, how far it is, and what else there is to know; `note` is of the page's own."""
    lead, more, share = _words(generation, texts)
    notes = [generation["maintenance"]] if generation["status"] not in FINAL and generation["maintenance"] else []
    kind = {"failed": "failed", "cancelled": "quiet"}.get(generation["status"], "good")
    return _card(texts, kind, lead, "\n".join([more, *notes, note]), share)


def told_html(texts: Texts, lead: str, more: str = "", *, kind: str = "quiet") -> str:
    """A message of the page's own, or one about a request: `kind` is quiet, good or failed."""
    return _card(texts, kind, lead, more, None)


def marked(text: str) -> str:
    """Text of others as HTML: escaped, and `so` set as code."""
    whole = text.encode("utf-8", "replace").decode()
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(whole))


def until(moment: str, now: datetime | None = None) -> float:
    """Seconds from now to a time of the API's, not below 0."""
    return max(0.0, (datetime.fromisoformat(moment) - (now or datetime.now(UTC))).total_seconds())


def _words(generation: Generation, texts: Texts) -> tuple[str, str, float | None]:
    """Lead, details, and how much is done from 0 to 1, or None where nothing runs."""
    say = texts.say
    position, progress, result = generation["position"], generation["progress"], generation["result"]
    if generation["failure"] is not None:
        lead = say("status.cancelled") if generation["status"] == "cancelled" else say("status.failed")
        return lead, generation["failure"]["message"], None
    if result is not None:
        return say("status.done"), "", None
    if generation["status"] == "queued" and position is not None:
        return say("status.queued", position=position["position"], waiting=position["waiting"]), waiting_text(position, texts), 0
    if progress is None:
        return say("status.starting"), "", 0
    steps = progress["steps"]
    share = progress["step"] / steps if steps > 0 else 0
    details = say("status.steps", **progress) if progress["stage"] == "denoise" and steps > 0 else f"{share:.0%}"
    eta = progress["etaSeconds"]
    left = "" if eta is None else say("status.left", left=texts.duration(eta))
    return texts.maybe(f"stage.{progress['stage']}", say("status.starting")), f"{details}{left}", share


def waiting_text(position: dict[str, Any], texts: Texts) -> str:
    """What something that waits, waits for."""
    say, held = texts.say, position["held"]
    if isinstance(held, dict):
        reason = "" if held["reason"] is None else say("status.held_reason", reason=held["reason"])
        ends = "" if held["until"] is None else say("status.held_until", wait=texts.duration(until(held["until"])))
        return f"{say('status.held')}{reason}{ends}"
    if position["workers"] == 0:
        return say("status.no_worker")
    key = "status.starts_perhaps" if position["guess"] else "status.starts"
    return say(key, wait=texts.duration(until(str(position["expectedStartAt"]))))


def _card(texts: Texts, kind: str, lead: str, more: str, share: float | None) -> str:
    bar = (
        ""
        if share is None
        else f'<progress max="1" value="{min(1.0, max(0.0, share)):.3f}" aria-label="{escape(texts.say("status.progress"))}"></progress>'
    )
    details = "".join(f"<p>{marked(line)}</p>" for line in more.split("\n") if line != "")
    return f'<div class="status {kind}" role="status"><p class="lead">{marked(lead)}</p>{bar}{details}</div>'
