"""The signing key: made by a command, kept for its owner's eyes, never by default."""

from __future__ import annotations

import datetime as dt
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import models

from svtad.lib import clock, signing
from tests.reports.sealing import flipped, openssl


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SIGNING_KEY = ""
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing-key.pem"
    return tmp_path


def held() -> signing.SigningKey:
    found = signing.signing_key(clock.now())
    assert found is not None
    return found


def made(*arguments: str) -> str:
    out = io.StringIO()
    call_command("make_signing_key", *arguments, stdout=out)
    return out.getvalue()


def test_outside_the_demonstration_there_is_no_key_by_default(settings):
    assert settings.DEMO is False
    assert signing.signing_key(clock.now()) is None
    assert not settings.SIGNING_KEY_FILE.exists()


def test_the_command_makes_a_key_that_only_its_owner_reads(settings):
    said = made("--name", "The DCC", "--years", "3")
    path = settings.SIGNING_KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = held()
    assert key.fingerprint in said
    assert "PRIVATE" not in said
    assert isinstance(key.private, rsa.RSAPrivateKey)
    assert (key.name, key.private.key_size) == ("The DCC", 3072)
    assert key.certificate.not_valid_after_utc > clock.now() + dt.timedelta(days=3 * 365)
    with pytest.raises(CommandError, match="--replace"):
        made("--name", "Another")
    assert held().fingerprint == key.fingerprint
    made("--name", "Another", "--replace")
    assert held().name == "Another"
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no draft is left"


@pytest.mark.parametrize("arguments", [("--name", ""), ("--name", "x" * 65), ("--name", "A", "--years", "0")])
def test_the_command_refuses_what_makes_no_certificate(arguments):
    with pytest.raises(CommandError):
        made(*arguments)


def test_a_key_that_others_can_read_is_not_used(settings, key_text):
    signing.keep_key(key_text)
    settings.SIGNING_KEY_FILE.chmod(0o640)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        signing.signing_key(clock.now())


def test_the_environment_s_key_comes_first(settings, key_text):
    made("--name", "In the file")
    settings.SIGNING_KEY = key_text.decode().replace("\n", "\\n")
    assert held().name == "The DCC, tests"


def test_what_is_no_key_is_refused_without_being_repeated(key_text):
    other = signing.new_key(name="Other", years=1, at=clock.now())
    secret, certificate = key_text.split(b"-----BEGIN CERTIFICATE")[0], other[other.index(b"-----BEGIN CERTIFICATE") :]
    for text in (b"", b"hello", secret, secret + certificate):
        with pytest.raises(ImproperlyConfigured) as raised:
            signing.read_key(text)
        assert "BEGIN" not in str(raised.value)


def test_a_certificate_that_has_run_out_signs_nothing(key_text):
    signing.keep_key(key_text)
    assert signing.signing_key(clock.now() + dt.timedelta(days=3 * 366)) is None


def test_the_demonstration_makes_one_synthetic_key_however_many_ask(settings):
    settings.DEMO = True
    moment = clock.now()
    with ThreadPoolExecutor(4) as pool:
        found = [key for key in pool.map(lambda _: signing.signing_key(moment), range(4)) if key is not None]
    assert len(found) == 4
    assert {key.fingerprint for key in found} == {found[0].fingerprint}
    assert found[0].name.startswith("SYNTHETIC")


def test_a_seal_verifies_with_openssl_and_breaks_with_its_content(key_text, folder):
    key = signing.read_key(key_text)
    content = os.urandom(5000)
    (folder / "signer.pem").write_text(key.certificate_pem)
    (folder / "x.sig").write_bytes(signing.seal(content, key=key))
    command = "pkeyutl -verify -certin -inkey signer.pem -rawin -digest sha256 -in x -sigfile x.sig"
    verify = command.split()
    (folder / "x").write_bytes(content)
    assert openssl(*verify, folder=folder).returncode == 0
    (folder / "x").write_bytes(flipped(content, 2500))
    assert openssl(*verify, folder=folder).returncode != 0
    other = signing.read_key(signing.new_key(name="The DCC, tests", years=2, at=clock.now()))
    (folder / "x").write_bytes(content)
    (folder / "signer.pem").write_text(other.certificate_pem)
    assert openssl(*verify, folder=folder).returncode != 0, "somebody else's certificate"


def test_no_table_has_room_for_a_private_key():
    columns = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.TextField) and ("key" in field.name or "pem" in field.name)
    }
    assert columns == {"gates.SigningCertificate.pem"}
