"""`npm run web`: the page, until it is told to stop."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

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

    with tempfile.TemporaryDirectory(prefix="humo-web-") as folder:
        # Gradio's copies of what people upload and see go with the rest when this ends.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(folder, "shown"))
        return _serve(settings, Path(folder))


def _serve(settings: Settings, folder: Path) -> int:
    from .app import build_page, launch_options
    from .client import ApiClient, ApiError

    client = ApiClient(settings.api_url, settings.token)
    try:
        page = build_page(client, folder)
    except ApiError as error:
        print(f"The page cannot start. The API at {settings.api_url} says: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    page.launch(
        server_name=settings.host,
        server_port=settings.port,
        auth=settings.login,
        share=False,
        quiet=True,
        show_error=False,
        ssr_mode=False,
        max_file_size="25mb",
        strict_cors=True,
        prevent_thread_lock=True,
        **launch_options(has_login=settings.login is not None),
    )
    print(f"The page is at http://{settings.host}:{settings.port}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        page.close()
        client.close()
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


sys.exit(main())
