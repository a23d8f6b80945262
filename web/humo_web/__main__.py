"""`npm run web`: the page, until it is told to stop."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from socket import socket

# Before Gradio is imported: it reads these then. Nothing is told to anybody, and nothing is fetched from outside.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

from .settings import Settings, SettingsError, load_settings

#: From sysexits.h: a restart does not help against a wrong configuration.
_CONFIGURATION = 78


def main() -> int:
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        print(f"The page cannot start:\n{error}", file=sys.stderr)
        return _CONFIGURATION

    # What uvicorn was told to end by it says once more when it has ended: that must not end this before the folder is gone.
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="humo-web-") as folder:
        # Gradio's copies of what people upload and see go with the rest when this ends.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(folder, "shown"))
        return _serve(settings, Path(folder))


def _serve(settings: Settings, folder: Path) -> int:
    import uvicorn

    from .client import ApiClient, ApiError, MediaSource
    from .server import build_server, warm
    from .texts import texts_for

    client = ApiClient(settings.api_url, settings.token, away=lambda language: texts_for(language).say("status.away"))
    try:
        app = build_server(settings, client, MediaSource(settings.api_url, settings.token, client), Path(folder, "shown"))
    except ApiError as error:
        print(f"The page cannot start. The API at {settings.api_url} says: {error}", file=sys.stderr)
        return 1
    # Streams of people who watch stay open for minutes: they are taken up again when the page is back.
    config = uvicorn.Config(app, settings.host, settings.port, log_level="warning", timeout_graceful_shutdown=2)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                await warm(app, settings)
                print(f"The page is at http://{settings.host}:{settings.port}", flush=True)

    server = Server(config)
    server.run()
    client.close()
    return 0 if server.started else 1


sys.exit(main())
