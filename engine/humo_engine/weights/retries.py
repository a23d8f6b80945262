"""Calls of the hub, made again while it is away, and its refusals in words."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from humo_engine.full_disk import is_full_disk
from humo_engine.runtime_environment import own_command
from humo_engine.weights.errors import WeightsError

ATTEMPTS = 5
LONGEST_WAIT = 330.0  # seconds; the hub counts requests in windows of five minutes


def with_retries(action: Callable[[], Any], what: str) -> Any:
    import httpx
    import requests
    from huggingface_hub import errors

    again = "Run the same command again: it resumes where it stopped"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except (requests.RequestException, httpx.HTTPError, errors.HfHubHTTPError, errors.EntryNotFoundError, OSError) as raised:
            error: BaseException = raised
            if isinstance(raised, errors.LocalEntryNotFoundError) and raised.__cause__:
                # A hub that does not answer, or refuses for now, is reported as a file that is not in the cache either.
                error = raised.__cause__
            if isinstance(error, errors.GatedRepoError):
                raise WeightsError(f"{what}: access must be granted on the hub first; then set HF_TOKEN") from error
            if isinstance(error, errors.RepositoryNotFoundError):
                raise WeightsError(f"{what}: not found, or private; if private, set HF_TOKEN") from error
            if isinstance(error, (errors.EntryNotFoundError, errors.RevisionNotFoundError)):
                raise WeightsError(f"{what}: no longer on the hub; `{own_command('weights pin')}` looks again") from error
            if is_full_disk(error):
                raise WeightsError(f"{what}: the disk is full. Free some. {again}") from error
            response = getattr(error, "response", None)
            status = getattr(response, "status_code", None)
            if status == 401:
                raise WeightsError(f"{what}: the hub rejects the token in HF_TOKEN; set a valid one, or none") from error
            if attempt == ATTEMPTS or (status is not None and status < 500 and status != 429):
                raise WeightsError(f"{what}: {type(error).__name__}: {error}. {again}") from error
            asked = 0.0 if response is None else seconds_asked_for(response.headers)
            if asked > 10:
                print(f"{what}: the hub asks to wait {asked:.0f} s", file=sys.stderr, flush=True)
            time.sleep(max(asked, min(2.0 ** (attempt - 1), 8.0)) * float(os.environ.get("HUMO_RETRY_SECONDS", "1")))
    raise AssertionError("unreachable")


def seconds_asked_for(headers: Mapping[str, str]) -> float:
    """How long a server that refuses for now wants to be left alone; 0 where it does not say. At most `LONGEST_WAIT`.

    Either `Retry-After: SECONDS`, or the hub's own `RateLimit: "resolvers";r=0;t=SECONDS` for its windows of five minutes.
    """
    retry_after = re.fullmatch(r"\s*(\d+)\s*", headers.get("Retry-After", ""))
    window = re.search(r";\s*r=0\s*;\s*t=(\d+)", headers.get("RateLimit", ""))
    found = retry_after or window
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0
