"""How a generation stands, as HTML. Whatever comes from outside is escaped."""

import re
from datetime import UTC, datetime
from html import escape

from . import wording
from .client import FINAL, Generation


def status_html(generation: Generation) -> str:
    """The generation in a sentence, how far it is, and what else there is to know."""
    lead, more, share = _words(generation)
    notes = [generation["maintenance"]] if generation["status"] not in FINAL and generation["maintenance"] else []
    result = generation["result"]
    if result is not None and result["weights"] == "random":
        notes.append(wording.RANDOM)
    if result is not None and result["weights"] == "mini":
        notes.append(wording.MINI)
    kind = {"failed": "failed", "cancelled": "quiet"}.get(generation["status"], "good")
    return _card(kind, lead, more, notes, share)


def told_html(lead: str, more: str = "", *, kind: str = "quiet") -> str:
    """A message of the page's own, or one about a request: `kind` is quiet, good or failed."""
    return _card(kind, lead, more, [], None)


def duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole // 60 % 60} min"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago something was: the page does not know where its visitors are, so it names no time of day."""
    minutes = max(0, round((now - moment).total_seconds() / 60))
    if minutes == 0:
        return wording.NOW
    if minutes < 60:
        return wording.AGO.format(length=f"{minutes} min")
    if minutes < 48 * 60:
        return wording.AGO.format(length=f"{round(minutes / 60)} h")
    return wording.AGO.format(length=f"{round(minutes / 60 / 24)} days")


def _words(generation: Generation) -> tuple[str, str, float | None]:
    """Lead, details, and how much is done from 0 to 1, or None where nothing runs."""
    position, progress, result = generation["position"], generation["progress"], generation["result"]
    if generation["failure"] is not None:
        lead = wording.CANCELLED if generation["status"] == "cancelled" else wording.FAILED
        return lead, generation["failure"]["message"], None
    if result is not None:
        return wording.DONE, wording.DONE_DETAILS.format(**result), None
    if generation["status"] == "queued" and position is not None:
        return wording.QUEUED.format(**position), _waiting(position), 0
    if progress is None:
        return wording.STARTING, "", 0
    steps = progress["steps"]
    share = progress["step"] / steps if steps > 0 else 0
    details = wording.STEPS.format(**progress) if progress["stage"] == "denoise" and steps > 0 else f"{share:.0%}"
    eta = progress["etaSeconds"]
    left = "" if eta is None else wording.TIME_LEFT.format(left=duration(eta))
    return wording.STAGES[progress["stage"]], f"{details}{left}", share


def _waiting(position: dict[str, object]) -> str:
    held = position["held"]
    if isinstance(held, dict):
        reason = "" if held["reason"] is None else wording.HELD_REASON.format(reason=held["reason"])
        until = "" if held["until"] is None else wording.HELD_UNTIL.format(wait=_until(held["until"]))
        return f"{wording.HELD}{reason}{until}"
    if position["workers"] == 0:
        return wording.NO_WORKER
    text = wording.STARTS_PERHAPS if position["guess"] else wording.STARTS
    return text.format(wait=_until(str(position["expectedStartAt"])))


def _until(moment: str) -> str:
    return duration((datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds())


def _card(kind: str, lead: str, more: str, notes: list[str], share: float | None) -> str:
    bar = (
        ""
        if share is None
        else f'<progress max="1" value="{min(1.0, max(0.0, share)):.3f}" aria-label="{wording.PROGRESS}"></progress>'
    )
    details = "".join(f"<p>{_text(line)}</p>" for line in more.split("\n") if line != "")
    asides = "".join(f'<p class="note">{_text(note)}</p>' for note in notes)
    return f'<div class="humo-status {kind}" role="status"><p class="lead">{_text(lead)}</p>{bar}{details}{asides}</div>'


def _text(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
