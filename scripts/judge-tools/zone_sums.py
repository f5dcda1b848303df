"""City sums of the mosaic by exactextract against the city table of the run.

usage: zone_sums.py RUN

E is the sum of emission × emission_valid × cell area × coverage, S likewise. Coverage fractions of
exactextract are float32, which bounds the agreement for zones of few cells.
"""

import csv
import pathlib
import sys

import fiona
import numpy
import rasterio
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

TOLERANCE = 5e-8
PAIRS = (("emission", "emission_valid", "E_tCO2_yr"), ("sink", "sink_valid", "S_npp_tCO2_yr"))


def masses(mosaic: rasterio.DatasetReader, value: str, valid: str) -> NumPyRasterSource:
    """Tonnes in each cell; zero where there is no value."""
    bands = dict(zip(mosaic.descriptions, mosaic.indexes))
    cell_km2 = abs(mosaic.transform.a * mosaic.transform.e) / 1e6
    samples = mosaic.read(bands[value]).astype(numpy.float64)
    shares = mosaic.read(bands[valid]).astype(numpy.float64)
    tonnes = numpy.nan_to_num(samples * shares * cell_km2, nan=0.0)
    bounds = mosaic.bounds
    return NumPyRasterSource(
        tonnes,
        xmin=bounds.left,
        ymin=bounds.bottom,
        xmax=bounds.right,
        ymax=bounds.top,
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
    with open(run / "tables/cities.csv", newline="", encoding="utf-8") as file:
        table = {row["id"]: row for row in csv.DictReader(file)}
    is_good = True
    with rasterio.open(run / "mosaic/deficit.tif") as mosaic:
        for value, valid, column in PAIRS:
            result = exact_extract(
                masses(mosaic, value, valid),
                zones(run / "tables/cities.gpkg"),
                ["sum", "count"],
                include_cols=["zone"],
                output="geojson",
            )
            worst, worst_zone, compared, unequal_zeros = 0.0, "-", 0, 0
            for feature in result:
                properties = feature["properties"]
                zone = properties["zone"]
                if properties["count"] <= 1:
                    continue
                ours = float(table[zone][column] or "0")
                theirs = float(properties["sum"] or 0.0)
                if theirs == 0.0 or ours == 0.0:
                    unequal_zeros += ours != theirs
                    continue
                compared += 1
                difference = abs(ours / theirs - 1)
                if difference > worst:
                    worst, worst_zone = difference, zone
            print(
                f"{value}: {compared} zones of more than one cell, largest relative difference "
                f"{worst:.2e} in {worst_zone}; legal {TOLERANCE:.0e}; "
                f"{unequal_zeros} zones where only one sum is zero"
            )
            is_good = is_good and compared > 300 and worst <= TOLERANCE and unequal_zeros == 0
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
