"""Timing in turns: a round of each contestant, so that a machine that is busy slows all of them."""

import importlib.util
import json
import statistics
import time

ROUNDS = 5


def has(module):
    """Whether a package is installed."""
    return importlib.util.find_spec(module) is not None


def in_turns(contestants, seconds):
    """The median time of one call of each contestant, in nanoseconds, by its name."""
    turn = seconds / ROUNDS / max(1, len(contestants))
    rounds = {name: [] for name in contestants}
    for call in contestants.values():
        # What is loaded at first use is not what is measured.
        call()
    for _ in range(ROUNDS):
        for name, call in contestants.items():
            rounds[name].append(one_turn(call, turn))
    return {name: statistics.median(figures) for name, figures in rounds.items()}


def one_turn(call, seconds):
    """The median time of one call, over as many as there is time for."""
    times, clock = [], time.perf_counter_ns
    end = clock() + int(seconds * 1e9)
    while not times or clock() < end:
        begin = clock()
        call()
        times.append(clock() - begin)
    return statistics.median(times)


def tell(figures):
    """What was measured, for whoever started this."""
    print(json.dumps(figures))
