"""Fifty processes ask for the token at once, when it has ended and the server rotates refresh tokens.

The server ends a login whose old refresh token comes again (RFC 9700 §4.14.2), and takes 50 ms for an answer. Afterwards the
token ends once more, and one more process asks: is the login alive?
"""

import subprocess
import time

from programs import OidcAgent, Oauthctl, Ortie, those_here
from provider import Provider

PROCESSES, ROUNDS = 50, 5


def one_round(program):
    provider, instance = Provider(lifetime=3, latency=0.05), program()
    try:
        instance.set_up(provider)
        instance.log_in(provider)
        provider.lifetime = 3600
        expire(provider, instance)
        asking = [subprocess.Popen(instance.token(), env=instance.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(PROCESSES)]
        tokens = [process.communicate(timeout=120)[0].strip() for process in asking]
        good = sum(process.returncode == 0 and provider.access.get(token, 0) > time.time()
                   for process, token in zip(asking, tokens))
        return provider.refreshes, good, bool(provider.families)
    finally:
        instance.close()
        provider.stop()


def expire(provider, instance):
    """The login's token is waited for until it has ended: no program is told a lie about its clock."""
    time.sleep(max(0.0, max(provider.access.values()) - time.time() + 0.5))


def main():
    print(f"\n{'':<14}{'refreshes sent':>16}{'good tokens':>16}{'logins alive':>16}")
    for program in those_here([Oauthctl, Ortie, OidcAgent]):
        rounds = [one_round(program) for _ in range(ROUNDS)]
        refreshes = "/".join(str(count) for count, _, _ in rounds)
        good = sum(count for _, count, _ in rounds)
        alive = sum(alive for _, _, alive in rounds)
        print(f"{program.name:<14}{refreshes:>16}{f'{good} of {PROCESSES * ROUNDS}':>16}{f'{alive} of {ROUNDS}':>16}", flush=True)
