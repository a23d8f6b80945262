from __future__ import annotations

from pathlib import Path

import pytest
import torch

from humo_engine.full_disk import explain_full_disk, is_full_disk


def test_a_full_disk_is_told_from_other_errors_and_its_folder_is_named(tmp_path):
    with pytest.raises(OSError) as raised, Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    # The system's own error of a write names no file, and a library's wraps it.
    wrapped = RuntimeError("could not save")
    wrapped.__cause__ = raised.value
    assert is_full_disk(raised.value) and is_full_disk(wrapped)
    assert not is_full_disk(FileNotFoundError(2, "no such file", "x"))
    named = OSError(28, "No space left on device", str(tmp_path / "clip.mp4"))
    assert f"nothing more goes into {tmp_path}." in explain_full_disk(named, [])
    # Without a name it is the disk that has the least room, also where the folder is not there yet: /proc has none at all.
    assert "nothing more goes into /proc/out." in explain_full_disk(wrapped, [tmp_path, Path("/proc/out")])


def test_what_torch_cannot_save_is_a_full_disk():
    with pytest.raises(RuntimeError) as raised:
        torch.save(torch.zeros(1000), "/dev/full")
    assert is_full_disk(raised.value)
