"""Runs a command and prints its seconds as JSON; its own output goes nowhere.

usage: timed.py COMMAND …
"""

import json
import subprocess
import sys
import time

started = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(json.dumps({"seconds": time.monotonic() - started}))
