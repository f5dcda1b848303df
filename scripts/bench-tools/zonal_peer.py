"""Six statistics of rasters over polygons by exactextract; prints its seconds as JSON.

usage: zonal_peer.py POLYGONS RASTER …
"""

import json
import sys
import time

from exactextract import exact_extract

started = time.monotonic()
for raster in sys.argv[2:]:
    exact_extract(raster, sys.argv[1], ["count", "sum", "mean", "variance", "min", "max"])
print(json.dumps({"seconds": time.monotonic() - started}))
