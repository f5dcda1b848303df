"""The same sweep as vectorised numpy: what the method gives without compiled kernels.

    sweep_peer.py POINTS.csv SMALLEST LARGEST CURVE.csv

A bisquare weight is 1 - 2 u² + u⁴, so the moments at every bandwidth are combinations of three
cumulative sums over the neighbours in order of distance. One thread. Prints one line of JSON; the
curve has k, tr S, RSS, AICc.
"""

import json
import sys
import time

import numpy
from scipy.spatial import cKDTree

# Numbers in the largest temporary array: about 100 MB.
BUDGET = 12_000_000


def sweep(places, response, design, candidates):
    """tr S and RSS at every candidate."""
    count, width = design.shape
    reach = min(count, int(candidates[-1]) + 8)
    distances, neighbours = cKDTree(places).query(places, reach)
    left, right = numpy.triu_indices(width)
    products = numpy.hstack([design[:, left] * design[:, right], design * response[:, None]])
    pairs = len(left)
    trace = numpy.zeros(len(candidates))
    squares = numpy.zeros(len(candidates))
    step = max(1, BUDGET // (reach * products.shape[1]))
    for start in range(0, count, step):
        near = distances[start:start + step]
        rows = len(near)
        unit = near[:, -1:]
        powers = (near / unit) ** 2
        gathered = products[neighbours[start:start + step]]
        sums = [numpy.cumsum(gathered, axis=1)]
        for _ in range(2):
            gathered = gathered * powers[:, :, None]
            sums.append(numpy.cumsum(gathered, axis=1))
        bandwidths = near[:, candidates - 1] * 1.0000001
        last = numpy.empty(bandwidths.shape, dtype=numpy.intp)
        for row in range(rows):
            last[row] = numpy.searchsorted(near[row], bandwidths[row]) - 1
        ratio = (unit / bandwidths)[:, :, None] ** 2
        pick = numpy.arange(rows)[:, None]
        moments = sums[0][pick, last] - 2 * ratio * sums[1][pick, last]
        moments += ratio * ratio * sums[2][pick, last]
        matrix = numpy.empty((rows, len(candidates), width, width))
        matrix[..., left, right] = moments[..., :pairs]
        matrix[..., right, left] = moments[..., :pairs]
        own = numpy.broadcast_to(design[start:start + step, None, :], moments[..., pairs:].shape)
        solved = numpy.linalg.solve(matrix, numpy.stack([moments[..., pairs:], own], axis=-1))
        values = (solved * own[..., None]).sum(axis=2)
        errors = response[start:start + step, None] - values[..., 0]
        squares += (errors * errors).sum(axis=0)
        trace += values[..., 1].sum(axis=0)
    return trace, squares


def main():
    path, smallest, largest, curve = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    data = numpy.loadtxt(path, delimiter=",", skiprows=1)
    count = len(data)
    design = numpy.column_stack([numpy.ones(count), data[:, 3:]])
    candidates = numpy.arange(smallest, largest + 1)
    start = time.perf_counter()
    trace, squares = sweep(data[:, :2], data[:, 2], design, candidates)
    aicc = count * numpy.log(squares / count) + count * numpy.log(2 * numpy.pi)
    aicc += count * (count + trace) / (count - 2 - trace)
    taken = time.perf_counter() - start
    numpy.savetxt(curve, numpy.column_stack([candidates, trace, squares, aicc]), delimiter=",",
                  fmt=["%d", "%.17g", "%.17g", "%.17g"])
    print(json.dumps({"seconds": taken}))


main()
