"""Measures calls that wait for people: so many at once, answered in random order.

usage: waits.py placet|agentguard COUNT
"""

import asyncio
import gc
import logging
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from turns import has, tell

logging.disable(logging.CRITICAL)

MORE = 3
"""How often it is done again, to see what is left of what is finished."""


def memory():
    """What this process has in memory, in bytes."""
    gc.collect()
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def figures(count, open_memory, finished_memory, answered):
    return {
        "waits": count,
        "bytes open": open_memory / count,
        "bytes finished": finished_memory / count,
        "ns each": answered / count,
    }


async def placet(count, folder):
    """Each wait is a task; no thread is started for it. Every answer is durable."""
    from placet import ActionClass, ApprovalTerms, Guard, RiskTier, TrustPolicy

    terms = ApprovalTerms(fields=(), deadline="1h")
    entry = ActionClass("issue_refund", RiskTier.REVERSIBLE_WRITE, approval=terms)
    guard = Guard(TrustPolicy({"issue_refund": entry}), store=folder / "placet.db")

    async def call(number):
        return await guard.aexecute("issue_refund", {"n": number}, lambda tool, params: params["n"])

    async def round_of(numbers):
        tasks = [asyncio.create_task(call(number)) for number in numbers]
        while len(pending := guard.pending()) < len(tasks):
            await asyncio.sleep(0.02)
        grown = memory()
        random.Random(7).shuffle(pending)
        begin = time.perf_counter_ns()
        answers = [guard.aresolve(one.request_id, True, actor="ann") for one in pending]
        del pending
        await asyncio.gather(*answers)
        results = await asyncio.gather(*tasks)
        assert results == list(numbers)
        return grown, time.perf_counter_ns() - begin

    # What is loaded and allocated once is not what one takes.
    await round_of(range(count // 10 or 1))
    before = memory()
    grown, answered = await round_of(range(count))
    after = memory()
    for _ in range(MORE):
        await round_of(range(count))
    left = (memory() - after) / MORE
    guard.close()
    return figures(count, grown - before, left, answered)


def agentguard(count):
    """Each wait is a thread. Nothing is durable, except that it was asked for."""
    from agentguard import AgentGuard

    threading.stack_size(256 * 1024)
    guard, results = AgentGuard(mode="external"), {}

    def call(number):
        results[number] = guard.execute("delete_order", {"n": number}, lambda tool, params: params)

    def round_of(numbers):
        threads = [threading.Thread(target=call, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        while len(pending := guard.pending()) < len(threads):
            time.sleep(0.02)
        grown = memory()
        random.Random(7).shuffle(pending)
        begin = time.perf_counter_ns()
        for one in pending:
            guard.resolve(one.request_id, True, actor="ann")
        for thread in threads:
            thread.join()
        results.clear()
        return grown, time.perf_counter_ns() - begin

    round_of(range(count // 10 or 1))
    before = memory()
    grown, answered = round_of(range(count))
    after = memory()
    for _ in range(MORE):
        round_of(range(count))
    return figures(count, grown - before, (memory() - after) / MORE, answered)


def main(who, count):
    with tempfile.TemporaryDirectory(dir=".") as folder:
        if who == "placet":
            tell(asyncio.run(placet(count, Path(folder))))
        elif has("agentguard"):
            tell(agentguard(count))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
