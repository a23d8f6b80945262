"""Which errors a person is told in words, and which keep their trace."""

from __future__ import annotations

import argparse
from pathlib import Path

from humo_engine.full_disk import explain_full_disk, is_full_disk


def explained(error: Exception, options: argparse.Namespace) -> str | None:
    """What a person can put right, in words; None for an error that nobody foresaw."""
    if is_full_disk(error):
        return explain_full_disk(error, [Path.cwd(), *(value for value in vars(options).values() if isinstance(value, Path))])
    if getattr(error, "code", None) is None and not isinstance(error, (ValueError, OSError)) and not _is_ours(error):
        return None
    return str(error)


def _is_ours(error: Exception) -> bool:
    return type(error).__module__.startswith(("humo_engine.", "humo_quality."))
