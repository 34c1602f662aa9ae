"""A small OpenID Connect issuer on this machine: discovery, authorisation with PKCE, token, userinfo, keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "testing-governance", "a-secret-between-the-two"


@dataclass
class Issuer:
    """What it says of whoever comes; a test changes it."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    #: What userinfo says besides, None for the same.
    userinfo: dict[str, Any] | None = None
    #: What goes wrong: "token", "discovery", "no id token", "audience", "issuer", "expired".
    trouble: str = ""
    #: Authorisation requests by the code that answered them.
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def id_token(self) -> str:
        now = int(time.time())
        told = {
            "iss": self.address if self.trouble != "issuer" else "https://elsewhere.example",
            "aud": CLIENT if self.trouble != "audience" else "another-client",
            "iat": now,
            "exp": now + 60 if self.trouble != "expired" else now - 60,
            **self.claims,
        }
        return jwt.encode(told, self.key, algorithm="RS256", headers={"kid": "1"})


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def say(self, body: Any, status: int = 200) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def do_GET(self) -> None:
            at = urlsplit(self.path)
            if at.path == "/.well-known/openid-configuration":
                if issuer.trouble == "discovery":
                    return self.say({"nothing": "here"})
                return self.say(
                    {
                        "issuer": issuer.address,
                        "authorization_endpoint": f"{issuer.address}/authorize",
                        "token_endpoint": f"{issuer.address}/token",
                        "userinfo_endpoint": f"{issuer.address}/userinfo",
                        "jwks_uri": f"{issuer.address}/keys",
                        "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    }
                )
            if at.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(at.query).items()}
                code = secrets.token_urlsafe(8)
                issuer.asked[code] = asked
                self.send_response(302)
                self.send_header(
                    "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
                )
                self.end_headers()
                return None
            if at.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                return self.say(issuer.claims if issuer.userinfo is None else issuer.userinfo)
            return self.say({}, 404)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(sent).items()}
            asked = issuer.asked.pop(given.get("code", ""), None)
            proof = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
            right = asked is not None and asked["code_challenge"] == proof.rstrip(b"=").decode()
            if not right or (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
                return self.say({"error": "invalid_grant"}, 400)
            if issuer.trouble == "token":
                return self.say({"error": "server_error"}, 500)
            answer = {"access_token": "access", "token_type": "Bearer", "expires_in": 60}
            return self.say(answer if issuer.trouble == "no id token" else answer | {"id_token": issuer.id_token()})

    return Handler


@contextmanager
def running() -> Iterator[Issuer]:
    """Serve an issuer for as long as the block lasts."""
    issuer = Issuer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(issuer))
    issuer.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
