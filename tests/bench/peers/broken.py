"""Logins that one thing breaks: does the program name it, on the terminal or on the page in the browser?

The words that count as naming it are below, and are looked for after the address to open. PEERS_SHOW=1 prints all that was
said, for a judgement of one's own.
"""

import os
import re

from programs import McpRemote, OidcAgent, Oauthctl, Ortie, those_here
from provider import Provider

WAYS = {
    "secret": ("a wrong client secret", r"invalid_client|client authentication|secret"),
    "scope": ("a scope that is not allowed", r"invalid_scope|scope.{0,40}not allowed"),
    "denied": ("the user says no", r"access_denied|said no|denied"),
    "code": ("a code that has expired", r"code.{0,20} expired|expired.{0,20} code"),
    "redirect": ("another redirect URI", r"redirect.?uri"),
    "page": ("an HTML page for a reply, 502", r"502|bad gateway"),
    "no-token": ("a reply without a token", r"access.?token"),
    "issuer": ("an answer of another issuer", r"\biss\b|issuer|other\.example"),
}


def outcome(program, way):
    provider, instance = Provider(broken=way), program()
    try:
        instance.set_up(provider)
        login = instance.login(provider)
        try:
            login.wait_for_url()
            login.come_back()
            if login.ends_well() and provider.families:
                return "logged in"
            waits = login.process.poll() is None
        finally:
            login.stop()
        said = login.said.split(login.authorize_url, 1)[1] + "\n" + login.page
        if os.environ.get("PEERS_SHOW"):
            print(f"--- {program.name}, {way}\n{said}")
        return "named" if re.search(WAYS[way][1], said, re.I | re.S) else "waits" if waits else "not named"
    except RuntimeError:
        return "?"
    finally:
        instance.close()
        provider.stop()


def main():
    here = those_here([Oauthctl, Ortie, OidcAgent, McpRemote])
    print(f"\n{'':<34}" + "".join(f"{program.name:>12}" for program in here))
    for way, (title, _) in WAYS.items():
        print(f"{title:<34}" + "".join(f"{outcome(program, way):>12}" for program in here), flush=True)
