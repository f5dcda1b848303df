"""Bandwidth search and fit by mgwr: adaptive bisquare, AICc, local standard errors.

    mgwr_peer.py POINTS.csv JOBS COEFFICIENTS.csv

Prints one line of JSON. The compilation by numba and the start of the pool are outside the times.
"""

import json
import resource
import sys
import time

import numpy
from mgwr.gwr import GWR
from mgwr.sel_bw import Sel_BW

points, jobs, coefficients = sys.argv[1], int(sys.argv[2]), sys.argv[3]
data = numpy.loadtxt(points, delimiter=",", skiprows=1)
places, response, predictors = data[:, :2], data[:, 2:3], data[:, 3:]

evaluated = []
plain_fit = GWR.fit


def counted_fit(model, *arguments, **options):
    """Counts the bandwidths that the search asks for."""
    evaluated.append(float(model.bw))
    return plain_fit(model, *arguments, **options)


GWR.fit = counted_fit
GWR(places[:200], response[:200], predictors[:200], 100, n_jobs=jobs).fit()
evaluated.clear()

start = time.perf_counter()
bandwidth = Sel_BW(places, response, predictors, n_jobs=jobs).search(criterion="AICc")
found = time.perf_counter()
count = len(set(evaluated))
result = GWR(places, response, predictors, bandwidth, n_jobs=jobs).fit()
errors = result.bse
done = time.perf_counter()

numpy.savetxt(coefficients, result.params, delimiter=",", fmt="%.17g")
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({
    "searchSeconds": found - start,
    "fitSeconds": done - found,
    "evaluated": count,
    "bandwidth": int(bandwidth),
    "aicc": float(result.aicc),
    "meanError": float(errors.mean()),
    "peakMemoryMebibytes": memory,
}))
