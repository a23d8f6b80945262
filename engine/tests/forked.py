"""Modules as processes that begin with what pytest's process has loaded: PyTorch, transformers and diffusers take 6 s of a core at each start.

They are processes like any other, with pipes, signals, an exit status and threads that they wait for at their end. What Python itself does at a start is
not tried with them: engines that `infer.sh` and the end-to-end tests start, and the rank of `test_serve_group.py`, begin with nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import logging
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import IO, Any, NoReturn


class Forked:
    """As much of `subprocess.Popen` as a test needs, of a command that is `[sys.executable, "-m", MODULE, …]`."""

    def __init__(
        self, command: Sequence[str], *, stdin: int | None = None, stdout: int | None = None, stderr: int | None = None,
        pass_fds: Collection[int] = (), env: Mapping[str, str], cwd: str | os.PathLike[str] = ".", encoding: str | None = None,
        errors: str | None = None,
    ):  # fmt: skip
        assert list(command[:2]) == [sys.executable, "-m"]
        theirs, ours = [0, 1, 2], [-1, -1, -1]
        for number, wanted in enumerate((stdin, stdout, stderr)):
            if wanted == subprocess.PIPE:
                reading, writing = os.pipe()
                theirs[number], ours[number] = (reading, writing) if number == 0 else (writing, reading)
            elif wanted == subprocess.DEVNULL:
                theirs[number] = os.open(os.devnull, os.O_RDWR)
            elif wanted is not None:
                theirs[number] = wanted
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # threads that are not there in the child: pytest's own, which it does not need
            self.pid = os.fork()
        if self.pid == 0:
            _become(command[2], command[3:], theirs, pass_fds, dict(env), cwd)
        for number, descriptor in enumerate(theirs):
            if descriptor > 2:
                assert number != descriptor
                os.close(descriptor)
        opened: list[IO[Any] | None] = [
            None if descriptor == -1 else os.fdopen(descriptor, "w" if number == 0 else "r", encoding=encoding, errors=errors)
            for number, descriptor in enumerate(ours)
        ]
        self.stdin, self.stdout, self.stderr = opened
        self.returncode: int | None = None
        self._end = os.pidfd_open(self.pid)
        self._reaping = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        if self.returncode is None and not poll.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        with self._reaping:
            if self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._end, signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._end)


def _become(
    module: str, arguments: Sequence[str], streams: Sequence[int], kept: Collection[int], environment: dict[str, str], folder: str | os.PathLike[str],
) -> NoReturn:  # fmt: skip
    """Run a module as `python -m` does, and end: the descriptors, variables and handlers of pytest's process are gone before."""
    status = 1
    try:
        atexit._clear()
        faulthandler.disable()
        logging.getLogger().handlers.clear()
        warnings.resetwarnings()
        gc.freeze()
        for number, copy in enumerate([os.dup(stream) for stream in streams]):
            os.dup2(copy, number)
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            if descriptor > 2 and descriptor not in kept:
                with contextlib.suppress(OSError):  # the one that lists them
                    os.close(descriptor)
        for name, number, mode, errors in (
            ("stdin", 0, "r", "strict"),
            ("stdout", 1, "w", "strict"),
            ("stderr", 2, "w", "backslashreplace"),
        ):
            setattr(sys, name, os.fdopen(number, mode, 1, encoding="utf-8", errors=errors, closefd=False))
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()  # waits for threads, as Python does
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
