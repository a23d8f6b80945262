"""What the API says about where a video comes from, in sentences."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from .status import marked
from .texts import Texts


def verdict_html(verdict: dict[str, Any], texts: Texts, models: Mapping[str, str]) -> str:
    """The answer first, then what it rests on. `models`: id → title; one that is not offered any more is named by its id."""
    say, signature, watermark = texts.say, verdict["signature"], verdict["watermark"]
    lines = []
    if verdict["madeWithAi"]:
        lines.append(say("verdict.ai"))
    if verdict["changed"] is not None:
        lines.append(say("verdict.changed" if verdict["changed"] else "verdict.unchanged"))
    if signature is not None:
        who = signature["name"] or say("verdict.somebody")
        # Anybody can write any name into a certificate of their own.
        lines.append(say(f"verdict.signed_{signature['signer']}" if signature["intact"] else "verdict.broken_signature", who=who))
        if signature["intact"] and signature["expired"]:
            lines.append(say("verdict.expired"))
        if signature["intact"] and signature["signer"] != "own" and signature["generator"]:
            lines.append(say("verdict.generator", generator=signature["generator"]))
    if watermark is not None:
        lines.append(say(f"verdict.watermark_{watermark['deployment']}"))
    if verdict["generation"] is not None:
        made = verdict["generation"]
        when = texts.ago(datetime.fromisoformat(made["createdAt"]))
        preset = texts.maybe(f"preset.{made['preset']}", made["preset"])
        model = models.get(made["model"], made["model"])
        lines.append(say("verdict.made", when=when, model=model, preset=preset))
    facts = verdict["generation"] or signature or {}
    if verdict["origin"] == "here" and facts.get("weights") in ("mini", "random"):
        lines.append(say(f"note.{facts['weights']}"))
    told = "".join(f"<li>{marked(line)}</li>" for line in lines)
    lead = escape(say(f"verdict.{verdict['origin']}"))
    return f'<div class="verdict" role="status"><p class="lead">{lead}</p><ul>{told}</ul></div>'
