"""Hostile callbacks: one of each kind reaches the listener before the true redirect does. Is the login made?

The requests are those of `tests/it/hostile_callbacks.rs`. Each kind has a login of its own, and none carries the state
byte for byte, so none is the provider's. Last comes a login under 1,000 of them, mixed.
"""

import random
import socket
from urllib.parse import urlsplit

from programs import McpRemote, OidcAgent, Oauthctl, Ortie, those_here
from provider import Provider

PROGRAMS = [Oauthctl, Ortie, OidcAgent, McpRemote]


def kinds(login):
    """The name and the bytes of each kind."""
    uri = urlsplit(login.redirect_uri)
    path, host = uri.path or "/", uri.netloc
    wrong = login.state[:-1] + ("A" if login.state[-1] != "A" else "B")
    near = f"code=x&state={wrong}"
    get = lambda target, head=f"Host: {host}": f"GET {target} HTTP/1.1\r\n{head}\r\n\r\n".encode()
    form = f"code=x&state={wrong}"
    return {
        "a code with a wrong state": get(f"{path}?{near}"),
        "a denial with a wrong state": get(f"{path}?error=access_denied&state={wrong}"),
        "a code without a state": get(f"{path}?code=x"),
        "a denial without a state": get(f"{path}?error=access_denied&error_description=%1b%5b2J"),
        "two wrong states": get(f"{path}?{near}&state={wrong}"),
        "a cut-off state": get(f"{path}?code=x&state={login.state[:8]}"),
        "no query": get(path),
        "another host": get(f"{path}?{near}", "Host: evil.example"),
        "no host": f"GET {path}?{near} HTTP/1.1\r\n\r\n".encode(),
        "favicon.ico": get("/favicon.ico"),
        "another path": get(f"/other?{near}"),
        "an absolute address": get(f"http://{host}{path}?{near}"),
        "HEAD": f"HEAD {path}?{near} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        "OPTIONS": f"OPTIONS {path}?{near} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        "a posted form": (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                          f"Content-Length: {len(form)}\r\n\r\n{form}").encode(),
        "a request that never ends": f"GET {path}?{'x' * 9000} HTTP/1.1\r\nHost: {host}\r\n".encode(),
        "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
        "a connection without a request": b"",
    }


def connect(login):
    host = urlsplit(login.redirect_uri).hostname
    for address in ["127.0.0.1", "::1"] if host == "localhost" else [host]:
        try:
            return socket.create_connection((address, login.port), 2)
        except OSError:
            continue
    return None


def send(login, request, held):
    """What is unfinished stays open, as a browser's connection ahead of time does."""
    stream = connect(login)
    if stream is None:
        return
    stream.settimeout(2)
    try:
        stream.sendall(request)
        if request.endswith(b"\r\n\r\n") or b"Content-Length" in request:
            stream.recv(4096)
            stream.close()
        else:
            held.append(stream)
    except OSError:
        stream.close()


def survives(program, requests):
    provider, instance, held = Provider(), program(), []
    try:
        instance.set_up(provider)
        login = instance.login(provider)
        try:
            login.wait_for_url()
            for request in requests(login):
                send(login, request, held)
            login.come_back()
            return login.ends_well() and bool(provider.families)
        finally:
            login.stop()
    except RuntimeError as problem:
        return str(problem)
    finally:
        for stream in held:
            stream.close()
        instance.close()
        provider.stop()


def storm(login):
    dice = random.Random(1)
    some = [request for request in kinds(login).values() if request.endswith(b"\r\n\r\n")]
    return [dice.choice(some) for _ in range(1000)]


def main():
    here = those_here(PROGRAMS)
    names = list(kinds(type("Any", (), {"redirect_uri": "http://127.0.0.1/", "state": "0123456789"})()))
    print(f"\n{'':<34}" + "".join(f"{program.name:>12}" for program in here))
    made = [0] * len(here)
    word = lambda result: "made" if result is True else "ended" if result is False else "?"
    undisturbed = [word(survives(program, lambda login: [])) for program in here]
    print(f"{'none: the login is not disturbed':<34}" + "".join(f"{result:>12}" for result in undisturbed), flush=True)
    for name in names:
        results = [survives(program, lambda login: [kinds(login)[name]]) for program in here]
        made = [count + (result is True) for count, result in zip(made, results)]
        print(f"{name:<34}" + "".join(f"{word(result):>12}" for result in results), flush=True)
    print(f"{'logins made':<34}" + "".join(f"{f'{count} of {len(names)}':>12}" for count in made))
    results = [survives(program, storm) for program in here]
    print(f"{'1,000 of them in one login':<34}" + "".join(f"{word(result):>12}" for result in results))
