"""What all pages of this process have in common, whatever their language."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .client import ApiClient
from .features import Features
from .signing import Signer
from .visitors import Visitors


@dataclass(frozen=True)
class Site:
    """`presets` as `/v1/presets` gives them; `share_days` is 0 where nothing is shared; `folder` is where Gradio puts what people send."""

    client: ApiClient
    presets: dict[str, Any]
    features: Features
    visitors: Visitors
    signer: Signer
    share_days: float
    folder: Path
