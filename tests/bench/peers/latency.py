"""How long it takes to print a token that is stored and good: a whole process, in turn with `oauthctl token`."""

import statistics
import subprocess
import time

from programs import Gh, OidcAgent, Oauthctl, Ortie, those_here
from provider import Provider

RUNS, WARM_UP = 60, 5


def once(instance):
    start = time.perf_counter()
    done = subprocess.run(instance.token(), env=instance.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError("no token came")
    return (time.perf_counter() - start) * 1000


def main():
    here, ready = those_here([Oauthctl, Ortie, OidcAgent, Gh]), []
    provider = Provider()
    try:
        for program in here:
            ready.append(program())
            ready[-1].set_up(provider)
            if program is not Gh:
                ready[-1].log_in(provider)
        ours, times = ready[0], {}
        for turn in range(WARM_UP + RUNS):
            for peer in ready[1:]:
                pair = once(ours), once(peer)
                if turn >= WARM_UP:
                    times.setdefault(peer.name, []).append(pair)
        print(f"\n{'peer':<14}{'oauthctl token':>16}{'peer':>12}{'ratio':>8}   (medians of {RUNS} pairs)")
        for name, pairs in times.items():
            our, their = (statistics.median(column) for column in zip(*pairs))
            print(f"{name:<14}{our:>13.1f} ms{their:>9.1f} ms{our / their:>8.2f}")
    finally:
        for instance in ready:
            instance.close()
        provider.stop()
