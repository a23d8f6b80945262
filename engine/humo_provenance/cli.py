"""Keys, certificates and signatures on a command line. `sign` is for the worker: JSON in, JSON out."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from humo_engine.full_disk import explain_full_disk, is_full_disk
from humo_engine.runtime_environment import own_command
from humo_provenance import certificates
from humo_provenance.certificates import DEFAULT_YEARS, CredentialError

DEFAULT_NAME = "HuMo in Discord"
ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=own_command("", "provenance").strip(), description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a key and a certificate of this deployment's own; what is there stays")
    init.add_argument("--name", default=DEFAULT_NAME, help="whom the certificate names (default: %(default)s)")
    init.add_argument("--years", type=float, default=DEFAULT_YEARS, help="how long it is valid (default: %(default)s)")
    init.add_argument("--json", action="store_true", help="for programs")
    show = commands.add_parser("show", help="print the certificate with which videos are signed, and never the key")
    show.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("sign", help="sign a video; for the worker: a request on stdin, an answer on stdout")
    options = parser.parse_args(arguments)
    try:
        if options.command == "sign":
            return _answer(_sign(json.load(sys.stdin)))
        certificate, key = _places()
        if options.command == "show":
            certificates.load(certificate, key)
            return _show(certificates.describe(certificate), options.json)
        if options.json:
            return _answer({"made": certificates.initialise(certificate, options.name, options.years)})
        return _init(certificate, options.name, options.years)
    except CredentialError as error:
        if getattr(options, "json", False):
            return _answer({"error": error.reason, "message": str(error)})
        print(error, file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        folders = [Path(os.environ.get("DATA_DIRECTORY") or ROOT / "data")]
        print(explain_full_disk(error, folders) if is_full_disk(error) else error, file=sys.stderr)
        return 1


def _places() -> tuple[Path, Path]:
    """Where certificate and key lie: as src/config/environment.ts says it."""

    def given(name: str) -> Path | None:
        value = os.environ.get(name, "")
        return None if value == "" else ROOT / value

    own = (given("DATA_DIRECTORY") or ROOT / "data") / "provenance" / "signer.pem"
    return given("C2PA_CERTIFICATE_FILE") or own, given("C2PA_KEY_FILE") or own


def _init(path: Path, name: str, years: float) -> int:
    if os.environ.get("C2PA_CERTIFICATE_FILE", "") != "":
        print(
            "C2PA_CERTIFICATE_FILE is set: this deployment signs with that certificate, and needs none of its own",
            file=sys.stderr,
        )
        return 1
    made = certificates.initialise(path, name, years)
    about = certificates.describe(path)
    print(f"{'Made' if made else 'There is one already:'} {path}")
    print("It holds a private key. Keep a copy where you keep secrets; a new one would be another signer.")
    return _show(about, False)


def _show(about: dict[str, object], as_json: bool) -> int:
    if as_json:
        return _answer(about)
    for name in ("subject", "issuer", "begins", "ends", "fingerprint"):
        print(f"{name}: {about[name]}")
    print(about["chain"], end="")
    return 0


def _sign(request: dict[str, object]) -> dict[str, object]:
    # Not at the top: it loads a library of 40 MB, which no other command needs.
    import c2pa

    from humo_provenance.signing import Ingredient, sign

    def text(name: str) -> str:
        value = request[name]
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        return value

    ingredient, authority = request.get("ingredient"), request.get("timeStampAuthority")
    try:
        credentials = certificates.load(Path(text("certificate")), Path(text("key")))
        length = sign(
            Path(text("source")),
            Path(text("target")),
            request["manifest"],
            credentials,
            ingredient=None if ingredient is None else Ingredient(Path(ingredient["path"]), ingredient["definition"]),
            time_stamp_authority=authority,
        )
        return {"bytes": Path(text("target")).stat().st_size, "manifestBytes": length}
    except CredentialError as error:
        return {"error": error.reason, "message": str(error)}
    except c2pa.C2paError as error:
        return {"error": "refused", "message": str(error)[:500]}


def _answer(answer: dict[str, object]) -> int:
    print(json.dumps(answer))
    return 0
