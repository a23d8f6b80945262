"""What happens to weight files, as it is told: in words to people, as one JSON object a line to programs (`--json`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from humo_engine.runtime_environment import own_command
from humo_engine.units import GIB


@dataclass(frozen=True)
class Planned:
    """So many files, of which so many bytes are still to be fetched into `folder`, where `free` bytes are left."""

    type: ClassVar[str] = "plan"
    files: int
    bytes: int
    free: int
    folder: str

    def __str__(self) -> str:
        return f"{self.files} files, {self.bytes / GIB:.2f} GiB to fetch into {self.folder} ({self.free / GIB:.1f} GiB free)"


@dataclass(frozen=True)
class Fetching:
    """The transfer of a file begins, or goes on. `place` is relative to the weights folder, `number` counts from 1."""

    type: ClassVar[str] = "fetch"
    number: int
    of: int
    place: str
    bytes: int

    def __str__(self) -> str:
        return f"[{self.number}/{self.of}] {self.place}  {self.bytes / GIB:.3f} GiB"


@dataclass(frozen=True)
class NothingToFetch:
    """All that was asked for is there."""

    type: ClassVar[str] = "complete"

    def __str__(self) -> str:
        return "All files are there already."


@dataclass(frozen=True)
class Included:
    """The weights of the profile come with the engine, or are drawn: there is nothing to fetch or to compare."""

    type: ClassVar[str] = "included"
    profile: str

    def __str__(self) -> str:
        return (
            f"Profile {self.profile} brings its own weights: nothing was fetched or checked. "
            "For those of HuMo itself add --profile official, or --model."
        )


@dataclass(frozen=True)
class Waiting:
    """Another process changes `folder`; this one waits for its end."""

    type: ClassVar[str] = "wait"
    folder: str

    def __str__(self) -> str:
        return f"Another download or conversion is at work in {self.folder}; waiting for its end"


@dataclass(frozen=True)
class Verified:
    """A file was read. `verdict` is "ok", or what is wrong with it."""

    type: ClassVar[str] = "verified"
    place: str
    verdict: str

    @property
    def is_right(self) -> bool:
        """Whether the file is what it should be."""
        return self.verdict == "ok"

    def __str__(self) -> str:
        return f"{self.place}: {self.verdict}"


@dataclass(frozen=True)
class Damaged:
    """Some files were not what they should be; each of them was told before."""

    type: ClassVar[str] = "damaged"

    def __str__(self) -> str:
        return (
            f"Delete what is wrong and fetch what is missing with `{own_command('weights download')}`. "
            f"Files in a folder …-bf16 come from `{own_command('weights convert')}`."
        )


@dataclass(frozen=True)
class Converting:
    """A shard is being written as bf16."""

    type: ClassVar[str] = "convert"
    number: int
    of: int
    source: str
    target: str

    def __str__(self) -> str:
        return f"[{self.number}/{self.of}] {self.source} → {self.target}"


@dataclass(frozen=True)
class Converted:
    """The copy is complete; `index` is its index file."""

    type: ClassVar[str] = "converted"
    index: str

    def __str__(self) -> str:
        return self.index


@dataclass(frozen=True)
class Failed:
    """It cannot go on. `message` says what to do."""

    type: ClassVar[str] = "failed"
    message: str

    def __str__(self) -> str:
        return self.message


Event = Planned | Fetching | NothingToFetch | Included | Waiting | Verified | Damaged | Converting | Converted | Failed
Tell = Callable[[Event], None]


def tell_people(event: Event) -> None:
    """In words: what `verify` and `convert` found or made on stdout, how a download goes on stderr."""
    to_stderr = isinstance(event, (Planned, Fetching, NothingToFetch, Waiting, Failed))
    print(event, file=sys.stderr if to_stderr else sys.stdout, flush=True)


def as_line(event: Event) -> str:
    """As a line of JSON, whose `type` names the kind."""
    fields: dict[str, Any] = {"type": event.type, **asdict(event)}
    return json.dumps(fields)
