"""A key and a certificate chain of one's own, in the profile that C2PA asks of a claim signer.

C2PA Technical Specification 2.2, section 14.5 (certificate profile): X.509 version 3, not a CA, key usage digitalSignature, an extended key
usage of a claim signer, and a chain in the header `x5chain`. Ours ends in a root of its own, whose key is thrown away: nobody can make a
second signer of it, and a new certificate is a new chain.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Without a time stamp a signature is valid for as long as the certificate: a video should be valid for as long as anybody keeps it.
DEFAULT_YEARS = 10
LONGEST_YEARS = 30
# Of a common name in a certificate (RFC 5280, ub-common-name).
LONGEST_NAME = 64
# Clocks differ a little: a certificate that begins now has not begun yet elsewhere.
CLOCK_TOLERANCE = datetime.timedelta(hours=1)
DAYS_OF_YEAR = 365.25

# Signature algorithms of C2PA (section 13.2.1), by the curve of the key.
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
SMALLEST_RSA_BITS = 2048


class CredentialError(Exception):
    """A key or certificate with which nothing can be signed. `reason` is for programs, the words are for people."""

    def __init__(self, reason: str, words: str):
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True)
class Credentials:
    """What a signature needs, read and checked."""

    algorithm: str
    chain: bytes
    """PEM, the signer's certificate first"""
    key: bytes
    """PEM"""
    leaf: x509.Certificate


def initialise(path: Path, name: str, years: float = DEFAULT_YEARS) -> bool:
    """Makes a key and a chain in one file, readable by this user alone. A file that is there already stays as it is.

    Several processes may do this at the same time: all of them find the same file afterwards.

    Returns whether it was made now.
    Raises ValueError for a lifetime or a name that makes no sense, OSError.
    """
    if not 0 < years <= LONGEST_YEARS:
        raise ValueError(f"years must be more than 0 and at most {LONGEST_YEARS}")
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"the name must have 1 to {LONGEST_NAME} characters")
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_make_pair(name, years))
            file.flush()
            os.fsync(file.fileno())
        # A link, and no renaming: whoever comes second does not replace what the first one signs with.
        os.link(partial, path)
        return True
    except FileExistsError:
        return False
    finally:
        partial.unlink()


def _make_pair(name: str, years: float) -> bytes:
    """The signer's key, its certificate and the root's, as PEM."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    begin, end = now - CLOCK_TOLERANCE, now + datetime.timedelta(days=years * DAYS_OF_YEAR)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)
    root_name = x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, f"{name}: root"[:64])])
    leaf_name = x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    root_identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _begun(root_name, root_name, root_key, begin, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(root_identifier, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _begun(leaf_name, root_name, key, begin, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_identifier), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return b"".join(
        (
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            leaf.public_bytes(serialization.Encoding.PEM),
            root.public_bytes(serialization.Encoding.PEM),
        )
    )


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(**used: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})


def load(certificate: Path, key: Path) -> Credentials:
    """Reads a chain and its key, which may lie in the same file.

    Raises CredentialError that says what is wrong with them: `missing`, `unreadable`, `mismatch`, `expired`, `early`, `profile`.
    """
    chain_text, key_text = _read(certificate), _read(key)
    try:
        chain = x509.load_pem_x509_certificates(chain_text)
    except ValueError as error:
        raise CredentialError("unreadable", f"{certificate} has no certificates in PEM form: {error}") from error
    try:
        private = serialization.load_pem_private_key(key_text, password=None)
    except (ValueError, TypeError) as error:
        # Never the words of the error alone: they may name what was in the file.
        raise CredentialError("unreadable", f"{key} has no private key in PEM form, without a password") from error
    leaf = chain[0]
    algorithm = _algorithm(private, key)
    encoding = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*encoding) != private.public_key().public_bytes(*encoding):
        raise CredentialError("mismatch", f"the key in {key} does not belong to the first certificate in {certificate}")
    _check_times(leaf, certificate)
    _check_profile(leaf, certificate)
    plain = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    return Credentials(algorithm=algorithm, chain=pem, key=plain, leaf=leaf)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CredentialError("missing", f"{path} is not there") from error
    except OSError as error:
        raise CredentialError("unreadable", f"{path} cannot be read: {error.strerror}") from error


def _algorithm(key: object, path: Path) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SMALLEST_RSA_BITS:
        return "ps256"
    raise CredentialError("profile", f"the key in {path} is of a kind that C2PA does not sign with: take EC P-256")


def _check_times(leaf: x509.Certificate, path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    if leaf.not_valid_after_utc <= now:
        raise CredentialError("expired", f"the certificate in {path} ended on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if leaf.not_valid_before_utc > now:
        raise CredentialError("early", f"the certificate in {path} begins on {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")


def _check_profile(leaf: x509.Certificate, path: Path) -> None:
    def extension(kind: type[x509.ExtensionType]):
        try:
            return leaf.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    basic, usage = extension(x509.BasicConstraints), extension(x509.KeyUsage)
    if basic is not None and basic.ca:
        raise CredentialError("profile", f"the first certificate in {path} is an authority’s: the signer’s has to stand first")
    if usage is None or not usage.digital_signature:
        raise CredentialError(
            "profile", f"the first certificate in {path} is not one for signatures (key usage digitalSignature)"
        )
    if extension(x509.ExtendedKeyUsage) is None:
        raise CredentialError("profile", f"the first certificate in {path} has no extended key usage of a claim signer")


def describe(certificate: Path) -> dict[str, object]:
    """What the first certificate of a file says: `subject`, `issuer`, `begins`, `ends` (ISO 8601, UTC), `fingerprint` (SHA-256) and the `chain` (PEM)."""
    try:
        chain = x509.load_pem_x509_certificates(_read(certificate))
    except ValueError as error:
        raise CredentialError("unreadable", f"{certificate} has no certificates in PEM form: {error}") from error
    leaf = chain[0]
    return {
        "subject": leaf.subject.rfc4514_string(),
        "issuer": leaf.issuer.rfc4514_string(),
        "begins": leaf.not_valid_before_utc.isoformat(),
        "ends": leaf.not_valid_after_utc.isoformat(),
        "fingerprint": leaf.fingerprint(hashes.SHA256()).hex(),
        "chain": b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain).decode("ascii"),
    }
