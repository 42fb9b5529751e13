"""What does a command take? Asked from a small process: memory is counted from that of the one who starts it.

python -S -E launch.py <file for the answer> command argument ...
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    answer, *argv = sys.argv[1:]
    begun = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawnp(argv[0], argv, os.environ), 0)
    taken = {
        "seconds": time.perf_counter() - begun,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(answer, "w", encoding="utf-8") as out:  # noqa: PTH123 (pathlib is half of what it would take to start)
        json.dump(taken, out)
