"""Runs a command and says what it and everything that it started took: `usage.py SECONDS COMMAND ARGUMENTS…`.

Prints one line of JSON: `seconds` by the clock, `cpuSeconds` of all processes together, `largestBytes` resident of the largest of them,
`status`, null where it was ended after SECONDS, and `output`, what the command wrote to stdout.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time

begun = time.monotonic()
process = subprocess.Popen(
    sys.argv[2:], stdout=subprocess.PIPE, text=True, start_new_session=True
)
try:
    output, _ = process.communicate(timeout=float(sys.argv[1]))
    status: int | None = process.returncode
except subprocess.TimeoutExpired:
    os.killpg(process.pid, signal.SIGKILL)
    output, _ = process.communicate()
    status = None
used = resource.getrusage(resource.RUSAGE_CHILDREN)
taken = {
    "seconds": time.monotonic() - begun,
    "cpuSeconds": used.ru_utime + used.ru_stime,
    "largestBytes": used.ru_maxrss
    * 1024,  # of a child that has ended and been waited for, or of one that it had waited for
    "status": status,
    "output": output,
}
print(json.dumps(taken))
