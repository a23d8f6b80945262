"""Keys and certificates of a deployment's own; tests/integration/marking/signing.test.ts signs with them and checks what comes of it."""

from __future__ import annotations

import datetime
import json
import multiprocessing
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from humo_provenance import certificates
from humo_provenance.certificates import CredentialError, initialise, load
from humo_provenance.cli import main


def make(arguments):
    return initialise(*arguments)


def test_a_key_is_made_once_whoever_asks_and_is_for_this_user_alone(tmp_path):
    path = tmp_path / "new" / "signer.pem"
    with multiprocessing.get_context("fork").Pool(4) as pool:
        made = pool.map(make, [(path, "A studio")] * 4)
    assert sorted(made) == [False, False, False, True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["signer.pem"]
    before = path.read_bytes()
    assert initialise(path, "Another") is False
    assert path.read_bytes() == before


def test_its_certificate_has_the_profile_of_a_claim_signer(tmp_path):
    path = tmp_path / "signer.pem"
    initialise(path, "A studio")
    leaf, root = x509.load_pem_x509_certificates(path.read_bytes())
    leaf.verify_directly_issued_by(root)
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    years = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days / 365.25
    assert years == pytest.approx(certificates.DEFAULT_YEARS, abs=0.01)
    assert load(path, path).algorithm == "es256"
    # The root's own key is nowhere: nobody can make a second signer of it.
    assert path.read_text().count("PRIVATE KEY-----") == 2


@pytest.mark.parametrize(
    ("days", "subject_is_authority", "own_key", "reason"),
    [(-1, False, True, "expired"), (9, True, True, "profile"), (9, False, False, "mismatch")],
)
def test_what_cannot_be_signed_with_is_named(tmp_path, days, subject_is_authority, own_key, reason):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A studio")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        certificates._begun(name, name, key, now - datetime.timedelta(days=400), now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=subject_is_authority, path_length=None), critical=True)
        .sign(key, certificates.hashes.SHA256())
    )
    used = key if own_key else ec.generate_private_key(ec.SECP256R1())
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        used.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(CredentialError) as raised:
        load(chain, secret)
    assert raised.value.reason == reason


def test_files_that_are_none_are_named_without_what_is_in_them(tmp_path):
    path = tmp_path / "signer.pem"
    with pytest.raises(CredentialError, match="is not there"):
        load(path, path)
    initialise(path, "A studio")
    secret = tmp_path / "key.pem"
    secret.write_text("a secret, and no PEM")
    with pytest.raises(CredentialError) as raised:
        load(path, secret)
    assert raised.value.reason == "unreadable" and "a secret" not in str(raised.value)


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATA_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("C2PA_CERTIFICATE_FILE", raising=False)
    monkeypatch.delenv("C2PA_KEY_FILE", raising=False)
    assert main(["show"]) == 1
    assert "is not there" in capsys.readouterr().err
    assert main(["init", "--name", "A studio", "--years", "0"]) == 1
    capsys.readouterr()
    assert main(["init", "--name", "A studio"]) == 0
    shown = capsys.readouterr().out
    assert "A studio" in shown and "PRIVATE KEY" not in shown
    assert main(["show", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert set(about) == {"subject", "issuer", "begins", "ends", "fingerprint", "chain"}
