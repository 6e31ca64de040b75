"""The programs that are compared, each set up as its own documents say, in a home of its own."""

import os
import pathlib
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import threading
import time
from urllib.parse import parse_qs, urlsplit

from provider import CLIENT, SECRET

ROOT = pathlib.Path(__file__).resolve().parents[3]


def listens(port):
    """Seen from outside, since a connection could be what ends a listener."""
    tables = pathlib.Path("/proc/net/tcp"), pathlib.Path("/proc/net/tcp6")
    rows = [row.split() for table in tables if table.exists() for row in table.read_text().splitlines()[1:]]
    return any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def free_port():
    """Fresh for each login: a port that was just used may not be had again at once."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if not listens(port) and probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Login:
    """A login that waits for its redirect."""

    def __init__(self, process, output):
        self.process, self.output, self.said, self.found = process, output, "", threading.Event()
        self.authorize_url = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while line := self.line():
            line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)
            self.said += line
            match = re.search(r"https?://[^\s'\"<>]*/authorize\?[^\s'\"<>]+", line)
            if match and not self.authorize_url:
                self.authorize_url = match.group(0)
                self.found.set()
        self.found.set()

    def line(self):
        try:
            return self.output.readline()
        except OSError:  # the terminal's other end is closed
            return ""

    def wait_for_url(self):
        self.found.wait(20)
        if not self.authorize_url:
            raise RuntimeError(f"no address was printed: {self.said.strip()[-300:]}")
        query = parse_qs(urlsplit(self.authorize_url).query)
        self.redirect_uri, self.state = query["redirect_uri"][0], query["state"][0]
        self.port = urlsplit(self.redirect_uri).port or 80
        end = time.monotonic() + 10
        while not listens(self.port) and time.monotonic() < end:
            time.sleep(0.02)
        return self

    def redirect(self):
        """Where the provider sends the browser to."""
        url = urlsplit(self.authorize_url)
        with socket.create_connection((url.hostname, url.port), 10) as stream:
            stream.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
            head = stream.makefile("rb").read().decode()
        return re.search(r"^Location: (\S+)", head, re.M).group(1)

    def come_back(self):
        """What the browser does; the listener may be gone. The page that it shows is kept."""
        url = urlsplit(self.redirect())
        self.page = ""
        try:
            for family, _, _, _, address in socket.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM):
                try:
                    stream = socket.create_connection(address[:2], 3)
                    break
                except OSError:
                    continue
            else:
                return
            with stream:
                stream.settimeout(10)
                stream.sendall(f"GET {url.path or '/'}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
                self.page = stream.makefile("rb").read().decode(errors="replace")
        except OSError:
            pass

    def ends_well(self, seconds=15):
        try:
            return self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.reader.join(5)


class Program:
    executable = name = ""
    scopes = "read offline_access"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="peers-")
        self.home = pathlib.Path(self.folder.name)
        self.environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(self.home),
                            "BROWSER": "true", "LANG": "C.UTF-8", "TMPDIR": str(self.home)}

    @classmethod
    def path(cls):
        return shutil.which(cls.executable)

    @classmethod
    def version(cls):
        text = subprocess.run([cls.path(), "--version"], capture_output=True, text=True).stdout
        return (re.search(r"\d+\.\d+[.\d]*", text) or ["?"])[0]

    def command(self, *words):
        return [self.path(), *words]

    def run(self, words, seconds=60, **how):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=seconds, **how)

    def start(self, words):
        """On a terminal, as a person has it: some listen only there."""
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, 4000))  # so that no address is wrapped
        process = subprocess.Popen(words, env=self.environment, stdin=theirs, stdout=theirs, stderr=theirs,
                                   start_new_session=True)
        os.close(theirs)
        return Login(process, open(ours, encoding="utf-8", errors="replace"))

    def set_up(self, provider):
        """What is done once, before the first login."""

    def login(self, provider):
        """Starts a login, which prints its address."""
        raise NotImplementedError

    def token(self):
        """The words that print the token."""
        raise NotImplementedError

    def log_in(self, provider):
        login = self.login(provider).wait_for_url()
        login.come_back()
        good = login.ends_well()
        login.stop()
        if not good or not provider.families:
            raise RuntimeError(f"the login failed: {login.said.strip()[-300:]}")

    def close(self):
        self.folder.cleanup()


class Oauthctl(Program):
    executable, name = "oauthctl", "oauthctl"

    @classmethod
    def path(cls):
        built = [ROOT / "target" / kind / "oauthctl" for kind in ("release", "debug")]
        return os.environ.get("OAUTHCTL") or next((str(path) for path in built if path.exists()), None) or super().path()

    def set_up(self, provider):
        self.environment |= {"OAUTHCTL_STORE": "file", "OAUTHCTL_CLIENT_ID": CLIENT, "OAUTHCTL_CLIENT_SECRET": SECRET}
        folder = self.home / ".config/oauthctl/providers"
        folder.mkdir(parents=True)
        self.run(self.command("providers", "new", "bench", "--issuer", provider.origin))

    def login(self, provider):
        return self.start(self.command("login", "bench", "--scope", "read", "--no-browser", "--port", "0",
                                       "--timeout", "30s"))

    def token(self):
        return self.command("token")


class Ortie(Program):
    executable, name = "ortie", "ortie"

    def set_up(self, provider):
        folder = self.home / ".config/ortie"
        folder.mkdir(parents=True)
        token = self.home / "token"
        (folder / "config.toml").write_text(
            f"[accounts.bench]\ndefault = true\nclient-id = '{CLIENT}'\nclient-secret.raw = '{SECRET}'\n"
            f"endpoints.authorization = '{provider.origin}/authorize'\nendpoints.token = '{provider.origin}/token'\n"
            f"endpoints.redirection = 'http://127.0.0.1:{free_port()}'\nscopes = ['read', 'offline_access']\nauto-refresh = true\n"
            f"storage.read.command = ['cat', '{token}']\nstorage.write.command = 'cat > {token}'\n")

    def login(self, provider):
        return self.start(self.command("auth", "get"))

    def token(self):
        return self.command("token", "show")


class OidcAgent(Program):
    executable, name = "oidc-agent", "oidc-agent"

    def set_up(self, provider):
        said = self.run([self.path(), "--no-autoreauthenticate"]).stdout
        for name, value in re.findall(r"(OIDC\w+)=([^;\s]+);", said):
            self.environment[name] = value
        (self.home / "password").write_text("made-up\n")

    def login(self, provider):
        words = ["oidc-gen", "bench", "-m", f"--client-id={CLIENT}", f"--client-secret={SECRET}",
                 f"--issuer={provider.origin}", f"--scope={self.scopes}", "--flow=code", "--no-url-call", "--no-scheme",
                 f"--redirect-uri=http://localhost:{free_port()}", f"--pw-file={self.home}/password", "--prompt=none",
                 "--confirm-yes"]
        return self.start(words)

    def token(self):
        return ["oidc-token", "bench"]

    def close(self):
        if "OIDCD_PID" in self.environment:
            self.run([self.path(), "--kill"])
        super().close()


class McpRemote(Program):
    """Its client that tries a server; the address of the MCP server is all that it is given."""

    executable, name = "mcp-remote-client", "mcp-remote"

    @classmethod
    def version(cls):
        package = pathlib.Path(cls.path()).resolve().parents[1] / "package.json"
        return re.search(r'"version": "([^"]+)"', package.read_text())[1]

    def login(self, provider):
        return self.start(self.command(f"{provider.origin}/mcp"))


class Gh(Program):
    """It logs in at GitHub only, so only the token that it keeps can be compared."""

    executable, name = "gh", "gh"

    def set_up(self, provider):
        folder = self.home / ".config/gh"
        folder.mkdir(parents=True)
        (folder / "hosts.yml").write_text("github.com:\n    oauth_token: gho_made-up\n    user: bench\n")

    def token(self):
        return self.command("auth", "token")


ALL = [Oauthctl, Ortie, OidcAgent, McpRemote, Gh]
# The Go module proxy has oauth2c and restish, and a repository pizauth.
NOT_COMPARED = ["oauth2c", "restish", "pizauth"]


def those_here(wanted):
    here = [program for program in wanted if program.path()]
    for program in wanted:
        print(f"{program.name:<14}{program.version() if program in here else 'not here'}")
    return here
