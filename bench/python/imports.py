"""How long `import placet` takes, in processes of its own.

usage: imports.py PROCESSES
"""

import statistics
import subprocess
import sys

from turns import tell

IMPORT = "from time import perf_counter_ns as now; a = now(); import placet; print(now() - a)"


def once():
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, check=True)
    return int(done.stdout)


def main(processes):
    # The first one may have to read it all from the disk, and to compile it.
    once()
    tell({"Placet": statistics.median(once() for _ in range(processes))})


if __name__ == "__main__":
    main(int(sys.argv[1]))
