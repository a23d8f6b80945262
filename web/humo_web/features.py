"""What the API can do, read from its own description: an older one has a plainer page."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Features:
    """`agreed`, `clean` and `negative`: fields of an order; the rest: addresses."""

    again: bool
    delete: bool
    estimate: bool
    sound: bool
    verify: bool
    agreed: bool
    clean: bool
    negative: bool


def features_of(description: dict[str, Any]) -> Features:
    """`description`: the OpenAPI document."""
    paths = description["paths"]
    order = json.dumps(paths["/v1/generations"]["post"]) + json.dumps(description.get("components", {}))
    return Features(
        again="/v1/generations/{id}/again" in paths,
        delete="delete" in paths["/v1/generations/{id}"],
        estimate="/v1/estimates" in paths,
        sound="/v1/sounds" in paths,
        verify="/v1/verify" in paths,
        agreed='"agreed"' in order,
        clean='"clean"' in order,
        negative='"negativePrompt"' in order,
    )
