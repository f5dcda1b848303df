"""Totals on the source grid, computed without Sectile, against those of a run.

usage: source_totals.py RUN DATA --national TOLERANCE --median TOLERANCE

Nationally: Σ value × ellipsoidal area of the source cell, by the closed formula for a band between
two parallels. Per city: the same with exact coverage of the source's cells by the zone, in longitude
and latitude. The median is over zones of more than 10,000 km².
"""

import argparse
import csv
import json
import pathlib
import sys

import numpy
import pyproj
import rasterio
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

LARGE_KM2 = 10_000
LAYERS = (
    ("emission", "emission_co2_2017.tif", "E_tCO2_yr"),
    ("sink", "uptake_co2_npp.tif", "S_npp_tCO2_yr"),
)


def cell_areas_km2(raster: rasterio.DatasetReader) -> numpy.ndarray:
    """Area of a cell in each row: Snyder (1987), eq. 3-12, authalic latitude."""
    ellipsoid = pyproj.Geod(ellps="WGS84")
    e2 = ellipsoid.es
    e = numpy.sqrt(e2)
    latitudes = raster.transform.f + raster.transform.e * numpy.arange(raster.height + 1)
    sine = numpy.sin(numpy.radians(latitudes))
    q = (1 - e2) * (sine / (1 - e2 * sine**2) + numpy.arctanh(e * sine) / e)
    width = numpy.radians(abs(raster.transform.a))
    return width * ellipsoid.a**2 / 2 * numpy.abs(numpy.diff(q)) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--national", type=float, required=True)
    parser.add_argument("--median", type=float, required=True)
    options = parser.parse_args()

    document = json.loads((options.run / "run.json").read_text(encoding="utf-8"))
    integrals = {layer["name"]: layer["integral"] for layer in document["layers"]}
    with open(options.run / "tables/cities.csv", newline="", encoding="utf-8") as file:
        table = {row["id"]: row for row in csv.DictReader(file)}
    is_good = True
    for layer, name, column in LAYERS:
        with rasterio.open(options.data / "grid01" / name) as raster:
            samples = raster.read(1).astype(numpy.float64)
            tonnes = numpy.nan_to_num(samples * cell_areas_km2(raster)[:, None], nan=0.0)
            bounds = raster.bounds
            source = NumPyRasterSource(
                tonnes,
                xmin=bounds.left,
                ymin=bounds.bottom,
                xmax=bounds.right,
                ymax=bounds.top,
                srs_wkt=raster.crs.to_wkt(),
            )
        theirs = float(tonnes.sum())
        difference = integrals[layer] / theirs - 1
        print(
            f"{layer}: run {integrals[layer]:.6e} t/yr, source {theirs:.6e} t/yr, "
            f"relative difference {difference:+.2e}; legal {options.national:.0e}"
        )
        is_good = is_good and abs(difference) <= options.national

        zones = exact_extract(
            source,
            str(options.data / "vector/prefectures.geojson"),
            ["sum"],
            include_cols=["adcode"],
            output="geojson",
        )
        differences = []
        for zone in zones:
            properties = zone["properties"]
            row = table.get(str(properties["adcode"]))
            if row is None or float(row["area_km2"]) <= LARGE_KM2 or not row[column]:
                continue
            expected = float(properties["sum"] or 0.0)
            if expected > 0:
                differences.append(abs(float(row[column]) / expected - 1))
        ordered = numpy.sort(differences)
        print(
            f"{layer}: {len(ordered)} zones over {LARGE_KM2} km2, median difference "
            f"{numpy.median(ordered):.2e}, 95 % {numpy.quantile(ordered, 0.95):.2e}, largest "
            f"{ordered[-1]:.2e}; legal median {options.median:.0e}"
        )
        is_good = is_good and len(ordered) > 200 and numpy.median(ordered) <= options.median
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
