"""The same tasks by Dask distributed or by Parsl's HighThroughputExecutor.

    engine_peer.py dask|parsl --tasks N --milliseconds D --prefetch P

Two worker processes on this machine, over TCP. A task does nothing, or sleeps so long. Prints one line
of JSON: seconds from the first submission until every result is there, and the processor seconds of
the process that schedules meanwhile. As many tasks as workers are done before, outside of the time.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import psutil

WORKERS = 2


def idle(number, seconds):
    """The task."""
    if seconds > 0:
        import time
        time.sleep(seconds)
    return number


def processor_seconds(process):
    """What a process has used so far."""
    times = process.cpu_times()
    return times.user + times.system


def dask_run(options, seconds):
    """Dask: scheduler and workers as processes of their own, by its own commands."""
    from distributed import Client, wait
    with tempfile.TemporaryDirectory() as directory:
        place = str(pathlib.Path(directory) / "scheduler.json")
        program = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        parts = [subprocess.Popen(
            program + ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", place,
                       "--no-dashboard"], **silent)]
        program = [sys.executable, "-m", "distributed.cli.dask_worker"]
        parts += [subprocess.Popen(
            program + ["--scheduler-file", place, "--nthreads", str(options.threads), "--no-nanny",
                       "--no-dashboard", "--local-directory", directory], **silent)
            for _ in range(WORKERS)]
        try:
            while not os.path.exists(place):
                time.sleep(0.05)
            with Client(scheduler_file=place) as client:
                client.wait_for_workers(WORKERS)
                client.gather(client.map(idle, range(WORKERS), [0] * WORKERS, pure=False))
                scheduler = psutil.Process(parts[0].pid)
                used, start = processor_seconds(scheduler), time.perf_counter()
                futures = client.map(idle, range(options.tasks), [seconds] * options.tasks, pure=False)
                wait(futures)
                taken = time.perf_counter() - start
                return taken, processor_seconds(scheduler) - used
        finally:
            for part in reversed(parts):
                part.terminate()
            for part in parts:
                try:
                    part.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    part.kill()
                    part.wait()


def parsl_run(options, seconds):
    """Parsl: an interchange, one manager with two worker processes."""
    import parsl
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider
    # It calls its parts by name.
    os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        executor = HighThroughputExecutor(
            label="htex", address="127.0.0.1", max_workers_per_node=WORKERS, encrypted=True,
            prefetch_capacity=options.prefetch,
            provider=LocalProvider(init_blocks=1, max_blocks=1, min_blocks=1))
        with parsl.load(Config(executors=[executor], run_dir=directory, strategy="none",
                               usage_tracking=0)):
            app = parsl.python_app(idle)
            for future in [app(i, 0.0) for i in range(WORKERS)]:
                future.result()
            here = psutil.Process()
            parts = [here] + [p for p in here.children() if "interchange" in " ".join(p.cmdline())]
            used, start = sum(map(processor_seconds, parts)), time.perf_counter()
            for future in [app(i, seconds) for i in range(options.tasks)]:
                future.result()
            taken = time.perf_counter() - start
            used = sum(map(processor_seconds, parts)) - used
            os.chdir("/")
            return taken, used


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["dask", "parsl"])
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--milliseconds", type=float, default=0)
    parser.add_argument("--prefetch", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    run = dask_run if options.engine == "dask" else parsl_run
    seconds, used = run(options, options.milliseconds / 1000)
    print(json.dumps({"seconds": seconds, "processorSeconds": used}), flush=True)
    # Parsl's threads may outlive its context.
    os._exit(0)


if __name__ == "__main__":
    main()
