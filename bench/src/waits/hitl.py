"""Measures agentguard-hitl in its external mode, where a thread waits for each answer.

usage: hitl.py waits COUNT | path COUNT
"""

import logging
import statistics
import sys
import threading
import time

from agentguard import AgentGuard

logging.disable(logging.CRITICAL)
threading.stack_size(256 * 1024)

# How long the whole way is gone over and over, in seconds.
TURN = 1.5


def memory():
    """What this process has in memory, in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def percentile(times, of_hundred):
    times = sorted(times)
    return times[min(len(times) - 1, round((len(times) - 1) * of_hundred / 100))]


def waits(count):
    guard = AgentGuard(mode="external")
    woken = {}
    before = memory()

    def wait(number):
        guard.execute("delete_order", {"order": number}, lambda *_a, **_k: None)
        woken[number] = time.perf_counter_ns()

    begin = time.perf_counter_ns()
    threads = [threading.Thread(target=wait, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    while len(guard.pending()) < count:
        time.sleep(0.01)
    opened = time.perf_counter_ns() - begin
    grown = memory() - before
    pending = guard.pending()
    number_of = {request.request_id: request.params["order"] for request in pending}
    some = max(1, min(1000, count // 10))
    times = []
    for request in pending[:some]:
        begin = time.perf_counter_ns()
        guard.resolve(request.request_id, True)
        threads[number_of[request.request_id]].join()
        times.append(woken[number_of[request.request_id]] - begin)
    begin = time.perf_counter_ns()
    for request in pending[some:]:
        guard.resolve(request.request_id, True)
    for thread in threads:
        thread.join()
    last = max(woken.values()) - begin
    figures = [count, grown / count, opened / count]
    print(*figures, statistics.median(times), percentile(times, 99), last)


def path(callers):
    done = [0] * callers
    end = time.perf_counter() + TURN
    begin = time.perf_counter()

    def run(number):
        guard = None

        def answer(request):
            threading.Thread(target=lambda: guard.resolve(request.request_id, True)).start()

        guard = AgentGuard(mode="external", on_request=answer)
        while time.perf_counter() < end:
            guard.execute("delete_order", {"order": number}, lambda *_a, **_k: None)
            done[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(done) / (time.perf_counter() - begin))


if __name__ == "__main__":
    {"waits": waits, "path": path}[sys.argv[1]](int(sys.argv[2]))
