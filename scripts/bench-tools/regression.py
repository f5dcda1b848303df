"""The regression beside mgwr and beside the same sweep in numpy, kernels, locations, memory."""

import os
import subprocess
import sys

from bench import PYTHON, TOOLS, number, table

PARAMETERS = 6
SEED = 20261123
# Bandwidths of the comparison with numpy.
SMALLEST, LARGEST = 52, 600


def section(bench):
    """The text of the results."""
    quick = bench.options.quick
    sizes = [1_000, 2_000] if quick else [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]
    points = {n: make_points(bench, n) for n in sizes}
    parts = [search_and_fit(bench, points), numpy_sweep(bench, points, quick), kernels(bench, quick),
             locations(bench, quick), memory(bench, points)]
    return "\n\n".join(parts)


def make_points(bench, count):
    """The file of the points, made once for each number."""
    path = bench.scratch / f"points-{PARAMETERS}-{count}-{SEED}.csv"
    bench.measure("points", "--count", count, "--parameters", PARAMETERS, "--seed", SEED, path)
    return path


def own_search(bench, n, cores, *more):
    """Search and fit by Sectile."""
    runs = [] if "--runs" in more else ["--runs", 5 if n <= 10_000 else 3]
    return bench.measure("regression", "--count", n, "--parameters", PARAMETERS, "--seed", SEED,
                         "--threads", cores, *runs, *more, cores=cores)


def search_and_fit(bench, points):
    """Both programs' own search and fit at every size."""
    rows, checks = [], []
    lost = {}
    for n, path in points.items():
        for cores in (1, 2):
            own = own_search(bench, n, cores)
            seconds = own["prepareSeconds"] + own["searchSeconds"] + own["fitSeconds"]
            mgwr = None
            # Every evaluation costs mgwr n² whatever the bandwidth.
            forecast = lost.get(cores, (0, 1))
            expected = forecast[0] * (n / forecast[1]) ** 2
            if expected <= bench.options.limit:
                mgwr = peer(bench, path, n, cores)
            if mgwr is None:
                theirs = f"more than {max(expected, bench.options.limit):,.0f}"
                rows.append([f"{n:,}", cores, number(seconds), own["evaluated"], own["bandwidth"],
                             f"{own['aicc']:.4f}", theirs, "", "", "",
                             f"> {number(max(expected, bench.options.limit) / seconds)}"])
                lost.setdefault(cores, (bench.options.limit, n))
                continue
            total = mgwr["searchSeconds"] + mgwr["fitSeconds"]
            lost[cores] = (total, n)
            rows.append([f"{n:,}", cores, number(seconds), own["evaluated"], own["bandwidth"],
                         f"{own['aicc']:.4f}", number(total), mgwr["evaluated"], mgwr["bandwidth"],
                         f"{mgwr['aicc']:.4f}", number(total / seconds)])
            if cores == 1:
                checks.append(check(bench, n, own, mgwr))
    return f"""### Search and fit beside mgwr

Adaptive bisquare, p = {PARAMETERS}, AICc: each program's own default search over the bandwidth, then the fit with local
standard errors; the preparation of the table is in Sectile's time. mgwr 2.2.1 with numba under CPython, its compilation and pool
outside its time. Medians of five runs for Sectile (three from 20,000); mgwr once (three times up to 2,000), as far as it finishes within
{bench.options.limit:g} s; its time grows with n², by which the bounds in the last rows are reckoned. Up to 5,000 rows Sectile evaluates every
bandwidth of mgwr's range (40 + 2p to n), so that its time grows with n², too; beyond, its cost per location no longer depends on n, and
the factor grows with n.

{table(["n", "cores", "Sectile s", "bandwidths", "k", "AICc", "mgwr s", "bandwidths", "k", "AICc",
        "mgwr / Sectile"], rows)}

The same work: Sectile's AICc is compared with that of mgwr's choice, then both fit at mgwr's k.

{table(["n", "AICc at Sectile's k − at mgwr's k", "largest β difference at mgwr's k, of the column's largest",
        "AICc difference at mgwr's k", "verdict"], checks)}"""


def peer(bench, path, n, cores):
    """mgwr's search and fit; the median of three where that is quick."""
    found = []
    for _ in range(3 if n <= 2_000 else 1):
        one = bench.run([PYTHON, TOOLS / "mgwr_peer.py", path, cores, coefficients(bench, n, "mgwr")],
                        cores=cores, limit=bench.options.limit)
        if one is None:
            return None
        found.append(one)
    return sorted(found, key=lambda one: one["searchSeconds"] + one["fitSeconds"])[len(found) // 2]


def coefficients(bench, n, program):
    return bench.scratch / f"coefficients-{n}-{program}.csv"


def check(bench, n, own, mgwr):
    """Whether both computed the same thing."""
    at = own_search(bench, n, 1, "--runs", 1, "--at", mgwr["bandwidth"], "--coefficients",
                    coefficients(bench, n, "sectile"))
    ours, theirs = (
        [[float(cell) for cell in line.split(",")] for line in
         coefficients(bench, n, program).read_text().splitlines()]
        for program in ("sectile", "mgwr"))
    largest = 0.0
    for column in range(PARAMETERS):
        scale = max(abs(row[column]) for row in theirs)
        difference = max(abs(a[column] - b[column]) for a, b in zip(ours, theirs, strict=True))
        largest = max(largest, difference / scale)
    gain = own["aicc"] - mgwr["aicc"]
    same = at["aiccAt"] - mgwr["aicc"]
    passed = gain <= 1e-6 and largest <= 1e-9 and abs(same) <= 1e-6
    if not passed:
        print(f"bench: n = {n}: the results differ", file=sys.stderr)
    return [f"{n:,}", f"{gain:.1e}", f"{largest:.1e}", f"{same:.1e}", "equal" if passed else "DIFFERENT"]


def numpy_sweep(bench, points, quick):
    """Every k of a range, as compiled kernels and as vectorised numpy."""
    rows = []
    for n in [1_000] if quick else [1_000, 2_000, 5_000, 10_000]:
        ours, theirs = (bench.scratch / f"curve-{n}-{program}.csv" for program in ("sectile", "numpy"))
        own = bench.measure("curve", "--count", n, "--parameters", PARAMETERS, "--seed", SEED,
                            "--minimum", SMALLEST, "--maximum", LARGEST, "--runs", 3, "--file", ours)
        other = bench.run([PYTHON, TOOLS / "sweep_peer.py", points[n], SMALLEST, LARGEST, theirs])
        curves = [[[float(cell) for cell in line.split(",")] for line in path.read_text().splitlines()]
                  for path in (ours, theirs)]
        difference = max(abs(a[3] - b[3]) for a, b in zip(*curves, strict=True))
        rows.append([f"{n:,}", number(own["seconds"]), number(other["seconds"]), f"{difference:.0e}",
                     number(other["seconds"] / own["seconds"])])
    return f"""### The whole curve beside the same sweep in numpy

Every k from {SMALLEST} to {LARGEST}, one core, neighbour search included on both sides (`scripts/bench-tools/sweep_peer.py`).

{table(["n", "Sectile s", "numpy s", "largest AICc difference", "numpy / Sectile"], rows)}"""


def kernels(bench, quick):
    """The kernels against the measured peak."""
    found = bench.measure("kernels", *(["--locations", 1000, "--runs", 3] if quick else ["--runs", 15]))
    rows = []
    for level in found["levels"]:
        million = lambda key: number(level[key] / 1e6)
        rows.append([
            level["level"], number(level["peakGigaFMA"]),
            f"{million('momentNeighboursPerSecond')} M ({level['momentShare']:.0%})",
            f"{million('sweepNeighboursPerSecond')} M ({level['sweepShare']:.0%})",
            f"{million('fitNeighboursPerSecond')} M ({level['fitShare']:.0%})",
            number(level["sweepMicroseconds"]), number(level["fitMicroseconds"])])
    return f"""### Kernels against the machine's own peak

One core, p = {found['parameters']}, {found['neighbours']} neighbours of every cell of a dense grid, given in order of distance: no search for neighbours. The peak is measured in the
same process (independent chains of fused multiply-adds in registers). Multiply-adds are counted as p (p + 1) per neighbour and moment set: one set for the
moments, three for the sweep (32 bandwidths, gathering and solving included), two for the fit with standard errors, leverage and tr SᵀS (gathering, weights and algebra
included; its second set has no response, so that p² would be the strict count). On the baseline each product is a library call, which is its peak, too.

{table(["level", "peak, 10⁹ per s", "moments, neighbours per s (share of peak)", "sweep", "fit", "sweep µs per location",
        "fit µs per location"], rows)}"""


def locations(bench, quick):
    """Cost per location while n grows."""
    rows, sweeps, fits = [], [], []
    for n in [1_000, 10_000] if quick else [1_000, 10_000, 100_000, 1_000_000]:
        found = bench.measure("locations", "--count", n, "--parameters", PARAMETERS, "--seed", SEED,
                              "--runs", 3 if n <= 100_000 else 1)
        sweeps.append(found["sweepMicroseconds"])
        fits.append(found["fitMicroseconds"])
        rows.append([f"{n:,}", number(found["prepareMicroseconds"]), number(sweeps[-1]), number(fits[-1]),
                     number(found["peakMemoryMebibytes"])])
    spread = max(max(sweeps) / min(sweeps), max(fits) / min(fits))
    return f"""### Cost per location

p = {PARAMETERS}, k = {found['neighbours']} of n national-like points, one core, search for the neighbours included. Largest over smallest: {spread:.2f}.

{table(["n", "index µs", "sweep µs (32 bandwidths)", "fit µs", "peak memory MiB"], rows)}"""


def memory(bench, points):
    """Memory of the library and of the whole command at the largest size."""
    n = max(points)
    rows = []
    own = own_search(bench, n, 2, "--all", "--runs", 1)
    rows.append(["library: search and fit with everything per location", number(own["peakMemoryMebibytes"])])
    program = bench.binaries / "sectile"
    if program.exists():
        rows.append(["`sectile regress`, all files", number(command_memory(bench, program, points[n]))])
    return f"""### Memory

n = {n:,}, p = {PARAMETERS}, two threads; the largest resident set in MiB.

{table(["what", "MiB"], rows)}"""


def command_memory(bench, program, path):
    """Largest resident set of the command on a table."""
    names = ",".join(f"x{j}" for j in range(1, PARAMETERS))
    output = bench.scratch / "regress"
    arguments = [program, "regress", path, "--x", "x", "--y", "y", "--response", "obs", "--predictors",
                 names, "--output", output]
    print("  " + " ".join(str(part) for part in arguments), file=sys.stderr, flush=True)
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {program} regress failed")
    return usage.ru_maxrss / 1024
