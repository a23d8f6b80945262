"""What people send, on its way to the page's disk: a disk that is full is said as one, and nothing that came in part stays there."""

import errno
import logging
import os
import re
import tempfile
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .texts import LANGUAGES

_UPLOAD = re.compile(rf"/(?:{'|'.join(LANGUAGES)})/gradio_api/upload/?")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_log = logging.getLogger(__name__)


class Uploads:
    """ASGI middleware. `folder` is where Gradio puts what people send: under a name of its own each, and in a folder when all of it is there."""

    def __init__(self, app: ASGIApp, *, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._sending = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or _UPLOAD.fullmatch(scope["path"]) is None:
            await self._app(scope, receive, send)
            return
        answer: list[Message] = []

        # Gradio answers with 500 before it says what went wrong.
        async def hold(message: Message) -> None:
            answer.append(message)

        self._sending += 1
        try:
            await self._app(scope, receive, hold)
        except ClientDisconnect:
            return
        except Exception as error:
            if not is_full(error):
                raise
            _log.error(
                "the disk is full: nothing more goes into %s. Make room there, or set TMPDIR to a folder with room", self._folder
            )
            await PlainTextResponse("The disk is full.", 507)(scope, receive, send)
            return
        finally:
            self._sending -= 1
            if self._sending == 0:
                self._forget_parts()
        for message in answer:
            await send(message)

    def _forget_parts(self) -> None:
        """Nobody sends anything: what lies there under a name of its own is the beginning of what did not come."""
        for part in self._folder.glob(f"{tempfile.gettempprefix()}*"):
            if part.is_file():
                # Gradio leaves it open, and what is open keeps its room.
                os.truncate(part, 0)
                part.unlink(missing_ok=True)


def is_full(error: BaseException | None) -> bool:
    """Whether it is about a full disk, through all that wraps it."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if isinstance(error, BaseExceptionGroup) and any(is_full(one) for one in error.exceptions):
        return True
    return is_full(error.__cause__) or is_full(error.__context__)
