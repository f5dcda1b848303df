"""Statistics of the mosaic by exactextract against the zone statistics of the run.

usage: zone_statistics.py RUN

count, sum, mean and variance of emission and sink, weighted by coverage, to 5e-8 (exactextract's coverage
is float32); min and max exactly. The variance's bound is relative to the mean square, of which it is a
difference. Zones of less than one cell are left out.
"""

import csv
import json
import pathlib
import sys

import fiona
import numpy
import rasterio
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

TOLERANCE = 5e-8
BANDS = ("emission", "sink")
MEASURES = ("count", "sum", "mean", "variance", "min", "max")


def source(mosaic: rasterio.DatasetReader, band: str) -> NumPyRasterSource:
    """The samples of a band as doubles; NaN is missing."""
    index = dict(zip(mosaic.descriptions, mosaic.indexes))[band]
    bounds = mosaic.bounds
    return NumPyRasterSource(
        mosaic.read(index).astype(numpy.float64),
        xmin=bounds.left,
        ymin=bounds.bottom,
        xmax=bounds.right,
        ymax=bounds.top,
        nodata=float("nan"),
        srs_wkt=mosaic.crs.to_wkt(),
    )


def zones(path: pathlib.Path) -> list[dict]:
    """The zones as GeoJSON; `zone` is their identity, because `id` would be the row's number."""
    with fiona.open(path) as features:
        return [
            {
                "type": "Feature",
                "geometry": feature.geometry.__geo_interface__,
                "properties": {"zone": feature.properties["id"]},
            }
            for feature in features
        ]


def main() -> int:
    run = pathlib.Path(sys.argv[1])
    with open(run / "tables/zone_statistics.csv", newline="", encoding="utf-8") as file:
        table = {row["id"]: row for row in csv.DictReader(file)}
    document = json.loads((run / "run.json").read_text(encoding="utf-8"))
    layers = document["configuration"]["deficit"]["pairs"][0]
    is_good = True
    with rasterio.open(run / "mosaic/deficit.tif") as mosaic:
        for band, layer in zip(BANDS, layers):
            result = exact_extract(
                source(mosaic, band),
                zones(run / "tables/cities.gpkg"),
                list(MEASURES),
                include_cols=["zone"],
                output="geojson",
            )
            worst = dict.fromkeys(MEASURES, 0.0)
            compared = 0
            for feature in result:
                theirs = feature["properties"]
                if not theirs["count"] or theirs["count"] <= 1:
                    continue
                compared += 1
                row = table[theirs["zone"]]
                ours = {name: float(row[f"{layer}_{name}"]) for name in MEASURES}
                square = theirs["variance"] + theirs["mean"] ** 2
                for name in MEASURES:
                    # Where a layer is 0 all over a zone the difference itself must be within the bound.
                    scale = (square if name == "variance" else abs(theirs[name])) or 1.0
                    worst[name] = max(worst[name], abs(ours[name] - theirs[name]) / scale)
            figures = ", ".join(f"{name} {worst[name]:.1e}" for name in MEASURES)
            print(f"{band}: {compared} zones of more than one cell, largest differences: {figures}")
            is_good = is_good and compared > 250
            is_good = is_good and all(worst[name] <= TOLERANCE for name in MEASURES[:4])
            is_good = is_good and worst["min"] == 0 and worst["max"] == 0
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
