"""Checks the signatures of videos with two verifiers that share no code: c2pa-python (c2pa-rs) and encypher-c2pa.

Paths on the command line; prints a JSON list with what each says. TRUST_ANCHORS may name a PEM file with authorities that both trust.
"""

import json
import os
import sys
from pathlib import Path

import c2pa
import encypher_c2pa

ANCHORS = (
    Path(os.environ["TRUST_ANCHORS"]).read_text()
    if "TRUST_ANCHORS" in os.environ
    else None
)
SETTINGS = {"version": 1, "verify": {"verify_trust": True}} | (
    {} if ANCHORS is None else {"trust": {"trust_anchors": ANCHORS}}
)


def first(path: str) -> dict[str, object]:
    with (
        open(path, "rb") as file,
        c2pa.Context.from_dict(SETTINGS) as context,
        c2pa.Reader("video/mp4", file, context=context) as reader,
    ):
        report = json.loads(reader.json())
    manifest = report["manifests"][report["active_manifest"]]
    failures = [
        status["code"]
        for status in report["validation_results"]["activeManifest"]["failure"]
    ]
    return {
        "state": report["validation_state"],
        "failures": failures,
        "manifest": manifest,
        "text": json.dumps(report),
    }


def second(path: str) -> dict[str, object]:
    report = encypher_c2pa.verify(path, trust_pem=ANCHORS)
    failures = [status["code"] for status in report["validation_results"]["failure"]]
    return {
        "integrity": report["integrity"],
        "signature": report["signature"],
        "binding": report["hard_binding"],
        "failures": failures,
    }


print(
    json.dumps(
        [{"first": first(path), "second": second(path)} for path in sys.argv[1:]]
    )
)
