"""The key with which the product signs what leaves it: made once, kept in a file or the environment, never in a table.

A key file is one PEM text: an RSA private key and its self-signed X.509 certificate. RSA, because every PDF reader
and every `openssl` verifies it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)

KEY_BITS = 3072
SYNTHETIC_NAME = "SYNTHETIC DEMONSTRATION, no real signer"
_SYNTHETIC_YEARS = 10


class KeyExists(FileExistsError):
    """There is a signing key already; it is not written over."""


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A private key and the certificate by which everybody verifies what it signed."""

    private: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in hex: what `openssl x509 -fingerprint -sha256` prints without colons."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def name(self) -> str:
        """The common name in the certificate."""
        found = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else ""

    @property
    def certificate_pem(self) -> str:
        """The certificate as PEM: nothing secret."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def holds_at(self, moment: dt.datetime) -> bool:
        """Return whether the certificate is valid at `moment`."""
        return self.certificate.not_valid_before_utc <= moment <= self.certificate.not_valid_after_utc


def new_key(*, name: str, years: int, at: dt.datetime) -> bytes:
    """Return a new key file's text: an RSA-3072 key and its self-signed certificate, valid for `years` from `at`."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = at.replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - dt.timedelta(days=1))  # clocks differ
        .not_valid_after(start + dt.timedelta(days=366 * years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_documents(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def _signs_documents() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def keep_key(text: bytes, *, replace: bool = False) -> Path:
    """Write the key file, readable by its owner only, whole or not at all; return where.

    With `replace` the private key that was there is gone for good: what it signed is verified by its certificate,
    which the papers' rows keep. Raises KeyExists where there is one and `replace` is not said.
    """
    path = key_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
    except FileExistsError:
        raise KeyExists(str(path)) from None
    finally:
        draft.unlink(missing_ok=True)
    return path


def key_file() -> Path:
    """Return where the key is kept on this machine."""
    return Path(settings.SIGNING_KEY_FILE)


def signing_key(at: dt.datetime) -> SigningKey | None:
    """Return the key to sign with at `at`, or None where none is set up or its certificate does not hold then.

    The environment's comes before the file's. The demonstration makes itself one that says it is synthetic. Raises
    ImproperlyConfigured for a key that cannot be read, or that others on the machine can read too.
    """
    if settings.SIGNING_KEY:
        found = read_key(settings.SIGNING_KEY.replace("\\n", "\n").encode())
    else:
        path = key_file()
        if not path.exists() and settings.DEMO:
            with contextlib.suppress(KeyExists):  # another process was quicker
                keep_key(new_key(name=SYNTHETIC_NAME, years=_SYNTHETIC_YEARS, at=at))
        if not path.exists():
            return None
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ImproperlyConfigured(f"The signing key {path} can be read by others: chmod 600.")
        found = read_key(path.read_bytes())
    if not found.holds_at(at):
        log.warning("the certificate of the signing key does not hold now: nothing is signed until there is a new one")
        return None
    return found


def read_key(text: bytes) -> SigningKey:
    """Read a key file's text. Raises ImproperlyConfigured where it is none, or its two parts do not belong together."""
    try:
        private = serialization.load_pem_private_key(text, password=None)
        certificate = x509.load_pem_x509_certificate(text)
    except (ValueError, TypeError):  # never with the text in it
        raise ImproperlyConfigured("The signing key cannot be read: a PEM private key and its certificate.") from None
    if not isinstance(private, rsa.RSAPrivateKey) or private.public_key() != certificate.public_key():
        raise ImproperlyConfigured("The signing key is not an RSA key with its own certificate.")
    return SigningKey(private=private, certificate=certificate)


def seal(content: bytes, *, key: SigningKey) -> bytes:
    """Return the seal of `content`: its bare RSA signature (PKCS #1 v1.5, SHA-256), as long as the key's modulus.

    There is no container around it, so no byte of it can change unseen; the same arguments give the same bytes.
    `openssl pkeyutl -verify -certin -inkey signer.pem -rawin -digest sha256 -in F -sigfile F.sig` verifies it.
    """
    return key.private.sign(content, padding.PKCS1v15(), hashes.SHA256())


def sign_pdf(content: bytes, *, key: SigningKey, reason: str) -> bytes:
    """Return the PDF with a PAdES signature that covers every byte and lets nothing be changed after it."""
    estimate = _signed_pdf(content, key=key, reason=reason, room=None)
    # Once more with exactly the room that the signature takes: no unused byte is left that could be altered unseen.
    start = estimate.rindex(b"/Contents <") + len(b"/Contents <")
    held = bytes.fromhex(estimate[start : estimate.index(b">", start)].decode())
    size = 4 + int.from_bytes(held[2:4], "big")
    return _signed_pdf(content, key=key, reason=reason, room=2 * size)


def _signed_pdf(content: bytes, *, key: SigningKey, reason: str, room: int | None) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    meta = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        reason=reason,
        name=key.name,
        certify=True,
        subfilter=fields.SigSeedSubFilter.PADES,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    signed = signers.PdfSigner(meta, signer=_signer(key)).sign_pdf(writer, bytes_reserved=room)
    return bytes(signed.getvalue())


def _signer(key: SigningKey) -> Any:
    """Return the key as pyHanko takes it. Imported late: only a job that signs pays for it."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    secret = key.private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(secret),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
