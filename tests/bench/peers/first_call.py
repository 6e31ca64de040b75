"""From nothing to the first answer of an API: the lines that are typed, and the keys, Enter included.

The program is installed, and the id and the secret of an app are at hand, or the address of an MCP server. The lines are run
as they stand, on a terminal and with a browser that agrees after a second, and count only if the API has answered with 200. Where a
program calls no API, curl does.
"""

import os
import pty
import re
import signal
import subprocess
import threading

from programs import McpRemote, OidcAgent, Oauthctl, Ortie, those_here
from provider import Provider

ORTIE = """mkdir -p ~/.config/ortie
cat > ~/.config/ortie/config.toml <<'END'
[accounts.shop]
default = true
client-id = "bench"
client-secret.raw = "made-up-secret"
endpoints.authorization = "{origin}/authorize"
endpoints.token = "{origin}/token"
endpoints.redirection = "http://127.0.0.1:8765"
scopes = ["read"]
storage.read.command = ["cat", "/{home}/token"]
storage.write.command = "cat > /{home}/token"
END
ortie auth get
curl -H "Authorization: Bearer $(ortie token show)" {origin}/api/things"""

OIDC_AGENT = """eval $(oidc-agent)
export OIDC_ENCRYPTION_PW=made-up
oidc-gen shop -m --client-id=bench --client-secret=made-up-secret --issuer={origin} --scope=read --flow=code --prompt=none \
--redirect-uri=http://localhost:24242 --pw-env
curl -H "Authorization: Bearer $(oidc-token shop)" {origin}/api/things"""
# What the comparison itself needs at the end, and nobody types.
AFTERWARDS = {OidcAgent: "\noidc-agent --kill"}

API = [
    (Oauthctl, """export OAUTHCTL_CLIENT_SECRET=made-up-secret
oauthctl login {origin}/api --client-id bench --yes
oauthctl call things"""),
    (Ortie, ORTIE),
    (OidcAgent, OIDC_AGENT),
]
MCP = [
    (Oauthctl, """oauthctl login {origin}/mcp --yes
oauthctl call POST . -f jsonrpc=2.0 -F id=1 -f method=tools/list"""),
    (McpRemote, "mcp-remote-client {origin}/mcp"),
]


def run(program, lines):
    """Returns whether the API answered, and what was seen."""
    provider, instance = Provider(), program()
    text = lines.format(origin=provider.origin, home=str(instance.home).lstrip("/"))
    try:
        programs = instance.home / "bin"
        programs.mkdir()
        (programs / "xdg-open").write_text('#!/bin/sh\n(sleep 1; exec curl -sL -o /dev/null "$1") >/dev/null 2>&1 &\n')
        (programs / "xdg-open").chmod(0o755)
        (programs / program.executable).symlink_to(program.path())
        environment = instance.environment | {"BROWSER": "xdg-open", "PATH": f"{programs}:{os.environ['PATH']}",
                                              "DISPLAY": ":0", "OAUTHCTL_STORE": "file"}
        ours, theirs = pty.openpty()
        shell = subprocess.Popen(["bash", "-c", text + AFTERWARDS.get(program, "")], env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
                                 start_new_session=True)
        os.close(theirs)
        said = []
        threading.Thread(target=read, args=(ours, said, program is McpRemote), daemon=True).start()
        try:
            shell.wait(40)
        except subprocess.TimeoutExpired:
            pass
        return provider.answered > 0, text, b"".join(said).decode(errors="replace")
    finally:
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        instance.folder._ignore_cleanup_errors = True
        instance.close()
        provider.stop()


def read(terminal, said, itself):
    """Also opens the address itself, for a program that starts the desktop's own browser and no other."""
    opened = False
    try:
        while chunk := os.read(terminal, 4096):
            said.append(chunk)
            address = re.search(rb"(http://\S+/authorize\?\S+)\s", b"".join(said))
            if itself and address and not opened:
                opened = True
                browser = f"sleep 3; exec curl -sL -o /dev/null '{address[1].decode()}'"
                subprocess.Popen(["sh", "-c", browser])
    except OSError:
        pass


def main():
    here = those_here([Oauthctl, Ortie, OidcAgent, McpRemote])
    for title, rows in [("an API, with the app's id and secret", API), ("an MCP server, by its address", MCP)]:
        print(f"\n{title:<40}{'lines':>8}{'keys':>8}")
        for program, lines in rows:
            if program in here:
                good, text, said = run(program, lines)
                # A folder's name in a home of ours is longer than a person's.
                typed = lines.format(origin="https://id.example.com", home="home/me")
                figures = f"{len(typed.splitlines()):>8}{len(typed) + 1:>8}"
                print(f"{program.name:<40}" + (figures if good else f"  no answer: {said[-400:]!r}"), flush=True)
