"""What the API says about where a video comes from, in sentences."""

from datetime import datetime
from html import escape
from typing import Any

from .status import marked
from .texts import Texts


def verdict_html(verdict: dict[str, Any], texts: Texts) -> str:
    """The answer first, then what it rests on."""
    say, signature, watermark = texts.say, verdict["signature"], verdict["watermark"]
    lines = []
    if verdict["madeWithAi"]:
        lines.append(say("verdict.ai"))
    if verdict["changed"] is not None:
        lines.append(say("verdict.changed" if verdict["changed"] else "verdict.unchanged"))
    if signature is not None:
        who = signature["name"] or say("verdict.somebody")
        lines.append(say("verdict.signed" if signature["intact"] else "verdict.broken_signature", who=who))
    if watermark is not None:
        lines.append(say(f"verdict.watermark_{watermark['deployment']}"))
    if verdict["generation"] is not None:
        made = verdict["generation"]
        when = texts.ago(datetime.fromisoformat(made["createdAt"]))
        lines.append(say("verdict.made", when=when, preset=texts.maybe(f"preset.{made['preset']}", made["preset"])))
    told = "".join(f"<li>{marked(line)}</li>" for line in lines)
    lead = escape(say(f"verdict.{verdict['origin']}"))
    return f'<div class="verdict" role="status"><p class="lead">{lead}</p><ul>{told}</ul></div>'
