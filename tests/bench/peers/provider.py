"""An authorization server, an API and an MCP server on loopback, which belong to none of the programs.

They do what the RFCs say: metadata (RFC 8414, RFC 9728, OpenID Connect Discovery), registration (RFC 7591), the
authorization code with PKCE, and refresh tokens that rotate. An old refresh token that comes again ends the login, as
RFC 9700 §4.14.2 has it. `broken` breaks one thing on purpose.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

CLIENT = "bench"
SECRET = "made-up-secret"


class Provider:
    def __init__(self, lifetime=3600, latency=0.0, broken=None):
        self.lifetime, self.latency, self.broken = lifetime, latency, broken
        self.clients = {CLIENT: SECRET}
        self.codes, self.access, self.families = {}, {}, {}
        self.refreshes = self.reused = self.answered = 0
        self.lock = threading.Lock()
        provider = self
        handler = type("Bound", (Handler,), {"provider": provider})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.server.request_queue_size = 512
        self.server.socket.listen(512)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def metadata(self):
        at = self.origin
        return {
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "registration_endpoint": f"{at}/register", "jwks_uri": f"{at}/jwks", "userinfo_endpoint": f"{at}/userinfo",
            "response_types_supported": ["code"], "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"], "scopes_supported": ["read", "offline_access"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def tokens(self, family):
        """A new pair of the login `family`; the pair before it is spent."""
        access, refresh = f"at-{secrets.token_urlsafe(24)}", f"rt-{secrets.token_urlsafe(24)}"
        self.access[access] = time.time() + self.lifetime
        self.families[family] = refresh
        return {"access_token": access, "token_type": "Bearer", "expires_in": self.lifetime,
                "refresh_token": f"{family}.{refresh}", "scope": "read offline_access"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider = None

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(raw))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):
        provider, url = self.provider, urlsplit(self.path)
        if url.path.startswith(("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")):
            return self.reply(200, provider.metadata())
        if url.path.startswith("/.well-known/oauth-protected-resource"):
            resource = provider.origin + url.path.removeprefix("/.well-known/oauth-protected-resource")
            return self.reply(200, {"resource": resource, "authorization_servers": [provider.origin],
                                    "scopes_supported": ["read"]})
        if url.path == "/authorize":
            return self.authorize(dict(parse_qsl(url.query)))
        if url.path == "/jwks":
            return self.reply(200, {"keys": []})
        if url.path.startswith("/api"):
            return self.resource({"things": [{"id": 1}]})
        self.reply(405 if url.path == "/mcp" else 404, {})

    def authorize(self, asked):
        provider, code = self.provider, secrets.token_urlsafe(16)
        provider.codes[code] = asked
        answer = {"code": code, "state": asked.get("state", ""), "iss": provider.origin}
        if provider.broken == "denied":
            del answer["code"]
            answer |= {"error": "access_denied", "error_description": "The user said no"}
        if provider.broken == "scope":
            del answer["code"]
            answer |= {"error": "invalid_scope", "error_description": "read is not allowed for this client"}
        if provider.broken == "issuer":
            answer["iss"] = "https://other.example"
        self.reply(302, {}, [("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")])

    def resource(self, body):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.provider.access.get(token, 0) < time.time():
            path = f"{self.provider.origin}/.well-known/oauth-protected-resource{urlsplit(self.path).path}"
            challenge = f'Bearer resource_metadata="{path}"'
            return self.reply(401, {"error": "invalid_token"}, [("WWW-Authenticate", challenge)])
        self.provider.answered += 1
        self.reply(200, body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/register":
            return self.register(json.loads(body))
        if self.path == "/token":
            return self.token(dict(parse_qsl(body.decode())))
        if self.path == "/mcp":
            return self.mcp(json.loads(body))
        self.reply(404, {})

    def register(self, asked):
        client = f"client-{secrets.token_hex(4)}"
        secret = None if asked.get("token_endpoint_auth_method") == "none" else SECRET
        self.provider.clients[client] = secret
        known = {key: asked[key] for key in ("redirect_uris", "grant_types", "response_types", "client_name",
                                             "token_endpoint_auth_method", "scope") if key in asked}
        self.reply(201, known | {"client_id": client} | ({"client_secret": secret} if secret else {}))

    def mcp(self, call):
        results = {
            "initialize": {"protocolVersion": "2025-03-26", "capabilities": {"tools": {}},
                           "serverInfo": {"name": "bench", "version": "1"}},
            "tools/list": {"tools": []}, "resources/list": {"resources": []}, "ping": {},
        }
        if "id" not in call:
            return self.reply(202, {})
        self.resource({"jsonrpc": "2.0", "id": call["id"], "result": results.get(call.get("method"), {})})

    def client(self, form):
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            return unquote(name), unquote(secret)
        return form.get("client_id"), form.get("client_secret")

    def token(self, form):
        provider = self.provider
        time.sleep(provider.latency)
        name, secret = self.client(form)
        if provider.broken == "page":
            return self.reply(502, b"<html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1></html>")
        if provider.broken == "secret" or name not in provider.clients or (provider.clients[name] or secret) != secret:
            return self.refuse(401, "invalid_client", "Client authentication failed")
        if provider.broken == "no-token":
            return self.reply(200, {"token_type": "Bearer", "expires_in": 3600})
        with provider.lock:
            if form.get("grant_type") == "refresh_token":
                return self.refresh(form.get("refresh_token", ""))
            asked = provider.codes.pop(form.get("code", ""), None)
            if asked is None or provider.broken == "code":
                return self.refuse(400, "invalid_grant", "The authorization code has expired")
            if asked["redirect_uri"] != form.get("redirect_uri") or provider.broken == "redirect":
                return self.refuse(400, "invalid_grant", "redirect_uri does not match")
            verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
            if asked.get("code_challenge", challenge) != challenge:
                return self.refuse(400, "invalid_grant", "PKCE verification failed")
            self.reply(200, provider.tokens(secrets.token_hex(4)))

    def refresh(self, presented):
        provider = self.provider
        provider.refreshes += 1
        family, _, refresh = presented.partition(".")
        if family in provider.families and provider.families[family] != refresh:
            provider.reused += 1
            del provider.families[family]
        if family not in provider.families:
            return self.refuse(400, "invalid_grant", "The refresh token is not valid any more")
        self.reply(200, provider.tokens(family))

    def refuse(self, status, error, description):
        self.reply(status, {"error": error, "error_description": description})
