"""`launch.py FILE COMMAND ...`: run a command, and write down its seconds, KiB and exit status.

A process counts as its own the memory that its parent had when it was begun. So this is a process
of its own, as small as can be, and imports little.
"""

import os
import sys
import time

if __name__ == '__main__':
    file, *command = sys.argv[1:]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    ended, usage = os.wait4(child, 0)[1:]
    took = time.perf_counter() - began
    with open(file, 'w') as notes:  # noqa: PTH123 - pathlib is large
        print(took, usage.ru_maxrss, os.waitstatus_to_exitcode(ended), file=notes)
