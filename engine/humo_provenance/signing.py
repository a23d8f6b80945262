"""Signs one finished MP4 by C2PA: the manifest goes into a box of its own near the start, and nothing else of the file changes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import c2pa

from humo_provenance.certificates import Credentials

FORMAT = "video/mp4"

# Nothing is fetched but a time stamp: neither the manifests of ingredients nor what a certificate's issuer says today.
SETTINGS = {
    "version": 1,
    "verify": {"ocsp_fetch": False, "remote_manifest_fetch": False, "verify_after_sign": True, "verify_trust": False},
    "builder": {"thumbnail": {"enabled": False}, "auto_timestamp_assertion": {"enabled": False}},
}


@dataclass(frozen=True)
class Ingredient:
    """An earlier video that this one comes from."""

    path: Path
    definition: dict[str, object]


def sign(
    source: Path,
    target: Path,
    manifest: dict[str, object],
    credentials: Credentials,
    *,
    ingredient: Ingredient | None = None,
    time_stamp_authority: str | None = None,
) -> int:
    """Writes a signed copy of `source` to `target`, which appears whole.

    `manifest` and the ingredient's definition are c2pa-rs' ManifestDefinition and Ingredient as JSON.

    Returns the length of the manifest in bytes.
    Raises c2pa.C2paError, OSError.
    """
    partial = target.with_name(f"{target.name}.part")
    authority = None if time_stamp_authority is None else time_stamp_authority.encode()
    info = c2pa.C2paSignerInfo(credentials.algorithm.encode(), credentials.chain, credentials.key, authority)
    try:
        with (
            c2pa.Context.from_dict(SETTINGS) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(manifest), context=context) as builder,
            open(source, "rb") as read,
            open(partial, "w+b") as written,
        ):
            if ingredient is not None:
                with open(ingredient.path, "rb") as parent:
                    builder.add_ingredient(json.dumps(ingredient.definition), FORMAT, parent)
            made = builder.sign(signer, FORMAT, read, written)
            written.flush()
        os.replace(partial, target)
        return len(made)
    finally:
        partial.unlink(missing_ok=True)
