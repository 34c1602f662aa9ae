"""docker-compose.yml: of the right shape, nothing secret in it, and each of its commands run here without Docker."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops import servers
from tests.ops.processes import Process

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
VALUES = {
    "SECRET_KEY": "only-for-this-test-" + "x" * 40,
    "ALLOWED_HOSTS": "testing.example.org",
    "POSTGRES_PASSWORD": "postgres-password",
    "REDIS_PASSWORD": "redis-password",
}


def _filled(node: Any, values: dict[str, str]) -> Any:
    """Put values in for ${NAME}, ${NAME:-default} and ${NAME:?message} in every text, as Compose does."""

    def value(found: re.Match[str]) -> str:
        name, operator, rest = found["name"], found["operator"], found["rest"]
        if values.get(name):
            return values[name]
        if operator == ":-":
            return rest
        raise KeyError(f"{name}: {rest}")

    if isinstance(node, dict):
        return {key: _filled(inner, values) for key, inner in node.items()}
    if isinstance(node, list):
        return [_filled(inner, values) for inner in node]
    if isinstance(node, str):
        return re.sub(r"\$\{(?P<name>\w+)(?:(?P<operator>:-|:\?)(?P<rest>[^}]*))?\}", value, node)
    return node


def _compose(values: dict[str, str] | None = None) -> dict[str, Any]:
    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read if values is None else _filled(read, values)


def test_it_has_the_shape_that_compose_asks_for():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", sorted(VALUES))
def test_it_starts_with_no_secret_left_out(name):
    with pytest.raises(KeyError, match=f"{name}: set {name}"):
        _compose({key: value for key, value in VALUES.items() if key != name})


def test_it_holds_no_secret():
    services = _compose()["services"]
    secret = re.compile("SECRET|PASSWORD|AUTH|TOKEN")
    values = [
        (service, name, value)
        for service, body in services.items()
        for name, value in body.get("environment", {}).items()
        if secret.search(name)
    ]
    assert len(values) >= 6
    assert [found for found in values if not re.fullmatch(r"\$\{\w+:\?[^}]+\}", found[2])] == []


def test_everything_that_stays_up_has_a_health_check_and_comes_back():
    for name, body in _compose()["services"].items():
        if name == "migrate":
            continue
        assert body["healthcheck"]["test"][0] == "CMD", name
        assert body["restart"] == "unless-stopped", name


def test_redis_keeps_what_it_was_told():
    command = _compose()["services"]["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"


def test_the_image_holds_every_root_package_and_only_the_locked_base():
    from tests.house.ladder import roots

    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"(?m)^COPY (\S+) ", text))
    assert set(roots()) | {"manage.py", "templates", "static", "requirements/base.txt"} <= copied
    assert "--require-hashes" in text
    assert re.search(r"(?m)^USER (?!root)", text)


def _until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def backends():
    with servers.postgres() as postgres, servers.redis(aof=True) as redis:
        yield postgres, redis


@pytest.mark.services
def test_every_command_runs_and_its_health_check_agrees(backends, tmp_path):
    """The product's four commands, as the file has them, on servers that stand in for its two."""
    postgres, redis = backends
    port = servers.free_port()
    services = _compose(VALUES)["services"]

    def environment(service: str) -> dict[str, str]:
        own = {name: str(value) for name, value in services[service]["environment"].items()}
        own |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "PORT": str(port)}
        # What the Dockerfile sets.
        own |= {"SVTAD_DATA_DIR": str(tmp_path / "data"), "SVTAD_STATIC_DIR": str(tmp_path / "static")}
        own |= {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "svtad.config.settings"}
        return own | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(command: list[str], service: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=ROOT, env=environment(service), capture_output=True, text=True, timeout=120, check=False
        )

    migrated = run(services["migrate"]["command"], "migrate")
    assert migrated.returncode == 0, migrated.stderr
    running = {
        name: Process(services[name]["command"], log=tmp_path / f"{name}.log", environment=environment(name))
        for name in ("web", "worker", "beat")
    }
    try:
        for process in running.values():
            with process.log.open("wb") as log:
                process.process = subprocess.Popen(
                    process.command, cwd=ROOT, env=process.environment, stdout=log, stderr=log, start_new_session=True
                )
        # A health check costs as much as a start: it is not tried before there is something to check.
        _until(lambda: _listens(port) or not running["web"].alive)
        _until(lambda: " ready." in running["worker"].log.read_text() or not running["worker"].alive)
        for name, process in running.items():
            test = services[name]["healthcheck"]["test"][1:]
            deadline, checked = time.monotonic() + 60, run(test, name)
            while checked.returncode and process.alive and time.monotonic() < deadline:
                time.sleep(0.5)
                checked = run(test, name)
            assert checked.returncode == 0, f"{name}: {checked.stderr}{process.log.read_text()}"
        for name, process in running.items():
            process.kill()
            checked = run(services[name]["healthcheck"]["test"][1:], name)
            if name != "beat":  # Beat is known by when it last sent anything: three minutes
                assert checked.returncode == 1, f"{name} is dead and its health check says it is well"
    finally:
        for process in running.values():
            process.stop()


@pytest.mark.services
def test_the_servers_own_commands_and_health_checks_run(backends, tmp_path):
    postgres, _ = backends
    services = _compose(VALUES)["services"]
    ready = subprocess.run(
        ["pg_isready", "-h", "127.0.0.1", "-p", str(postgres.port), *services["postgres"]["healthcheck"]["test"][2:]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ready.returncode == 0, ready.stdout

    port = servers.free_port()
    redis = Process(
        [*services["redis"]["command"], "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)],
        log=tmp_path / "redis.log", environment=dict(os.environ),
    )  # fmt: skip
    redis.start(until="Ready to accept connections")
    try:
        command = ["redis-cli", "-p", str(port), *services["redis"]["healthcheck"]["test"][2:]]
        password = services["redis"]["environment"]
        known = subprocess.run(command, env=dict(os.environ, **password), capture_output=True, text=True, check=False)
        stranger = subprocess.run(command, capture_output=True, text=True, check=False)
        assert known.stdout.strip() == "PONG"
        assert "NOAUTH" in stranger.stdout + stranger.stderr
        assert list(tmp_path.glob("appendonlydir/*"))
    finally:
        redis.stop()
