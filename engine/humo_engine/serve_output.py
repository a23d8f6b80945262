"""stdout as the channel of a line protocol. Apart from `serve.py`, so that speech needs no PyTorch."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def claim_stdout() -> TextIO:
    """Take stdout for the protocol: what anything else prints there, down to C code, goes to stderr from now on."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol
