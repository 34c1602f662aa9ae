"""The throwaway servers that the suite runs on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops import servers

pytestmark = pytest.mark.services
ROOT = Path(__file__).resolve().parents[2]


def test_a_command_gets_two_servers_and_leaves_none_behind(tmp_path):
    code = (
        "import os, psycopg2, redis\n"
        "link = psycopg2.connect(os.environ['DATABASE_URL']).cursor()\n"
        "link.execute('select 40 + 2'); print(link.fetchone()[0])\n"
        "print(redis.Redis.from_url(os.environ['REDIS_URL']).ping())\n"
        "print(*(os.environ[name].rsplit(':', 1)[1].split('/')[0] for name in ('DATABASE_URL', 'REDIS_URL')))"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.owner() == tmp_path.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    environment["SVTAD_SERVERS_DIR"] = str(tmp_path)
    ran = subprocess.run(
        [ROOT / "script" / "servers", "run", "--", sys.executable, "-c", code], env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    answer, pong, ports = ran.stdout.splitlines()
    assert (answer, pong) == ("42", "True")
    for port in ports.split():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=1)
    assert list(tmp_path.iterdir()) == []


def test_the_commands_exit_code_is_handed_back(monkeypatch):
    environment = dict(os.environ, DATABASE_URL="set", REDIS_URL="set")
    ran = subprocess.run(
        [ROOT / "script" / "servers", "run", "--", "bash", "-c", "exit 7"], env=environment, check=False
    )
    assert ran.returncode == 7


def test_redis_that_keeps_every_write_has_it_after_a_power_cut():
    import redis

    with servers.redis(aof=True) as server:
        redis.Redis.from_url(server.url).set("a", "kept")
        server.kill()
        server.start()
        assert redis.Redis.from_url(server.url).get("a") == b"kept"


def test_a_server_that_does_not_start_says_why(tmp_path):
    port = servers.free_port()
    command = ["redis-server", "--port", str(port), "--no-such-option", "1"]
    server = servers.Server("Redis", f"redis://127.0.0.1:{port}", port, command, None, tmp_path / "log", 15)
    with pytest.raises(servers.ServerError, match=r"Redis did not start:\n(?s:.*)no-such-option"):
        server.start()
