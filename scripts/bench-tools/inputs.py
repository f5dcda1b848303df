"""The way of the inputs to the grid, beside gdalwarp and exactextract on the same job and one core.

usage: inputs.py SECTILE [--quick]

Two layers of float32 in longitude and latitude, striped and tiled, go to an Albers grid of half their
resolution; then both are summed over 18 x 12 zones. Sectile: the seconds of the stages `prepare` (reading,
regridding, statistics of zones) and `balance` (deficits, sums of zones), from run.json. gdalwarp: `-r average`,
once with `-et 0` (every pixel projected: the setting whose result does not depend on the window, as Sectile's)
and once as it comes. exactextract: sums of both warped layers.

At last a striped raster of 40,000 columns, whose strips are read whole whatever the tile: the peak memory of
the worker is told beside its budget.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy

ENVIRONMENT = os.environ | {"GDAL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
ALBERS = (
    "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
)
WEST, NORTH, WIDTH, HEIGHT = 76.0, 52.0, 56.0, 33.0


def call(*command: str) -> float:
    """Runs a command and returns its seconds."""
    started = time.monotonic()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def source(
    folder: pathlib.Path, name: str, columns: int, seed: int, *options: str, rows: int | None = None
) -> pathlib.Path:
    """A raster of positive values with some structure, and 5 % nodata."""
    rows = rows or int(columns * HEIGHT / WIDTH)
    random = numpy.random.default_rng(seed)
    raw = folder / f"{name}.raw"
    with open(raw, "wb") as file:
        for row in range(rows):
            line = 500 + 400 * numpy.sin(numpy.arange(columns) / 97 + row / 61)
            line += 100 * random.random(columns)
            line[random.random(columns) < 0.05] = -9999
            line.astype("<f4").tofile(file)
    size = WIDTH / columns
    view = folder / f"{name}.vrt"
    view.write_text(
        f'<VRTDataset rasterXSize="{columns}" rasterYSize="{rows}"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>{WEST}, {size}, 0, {NORTH}, 0, {-HEIGHT / rows}</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1" subClass="VRTRawRasterBand">'
        f"<NoDataValue>-9999</NoDataValue>"
        f'<SourceFilename relativeToVRT="1">{raw.name}</SourceFilename><ByteOrder>LSB</ByteOrder>'
        f"<ImageOffset>0</ImageOffset><PixelOffset>4</PixelOffset>"
        f"<LineOffset>{4 * columns}</LineOffset></VRTRasterBand></VRTDataset>"
    )
    target = folder / f"{name}.tif"
    call("gdal_translate", "-q", *options, str(view), str(target))
    raw.unlink()
    return target


def write_zones(path: pathlib.Path) -> None:
    """Cells of longitude and latitude within the rasters."""
    features = []
    for row in range(12):
        for column in range(18):
            w, n = 80 + 2.6 * column, 50 - 2.4 * row
            ring = [[w, n], [w, n - 2.4], [w + 2.6, n - 2.4], [w + 2.6, n], [w, n]]
            features.append(
                {
                    "type": "Feature",
                    "properties": {"id": f"z{row:02}{column:02}"},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def configuration(folder: pathlib.Path, name: str, files: list[str], cell: int, tile: int) -> pathlib.Path:
    columns, rows = 4_000_000 // cell, 3_200_000 // cell
    path = folder / f"{name}.yaml"
    path.write_text(
        f"""name: {name}
grid: {{crs: china-albers, originX: -2000000, originY: 5600000, cellSizeMetres: {cell}, columns: {columns}, rows: {rows}}}
tiling: {{tileSizePixels: {tile}}}
layers:
  - {{name: emission, role: emission, path: {files[0]}, quantity: density, unit: tCO2/km2/yr}}
  - {{name: sink, role: sink, sink: npp, path: {files[1]}, quantity: density, unit: tCO2/km2/yr}}
zones: {{path: zones.geojson, idField: id, outside: keep}}
"""
    )
    return path


def run(sectile: str, path: pathlib.Path, memory: str | None = None) -> dict:
    """Runs Sectile with one worker and returns its stages by name."""
    output = path.with_suffix(".run")
    if memory:
        ENVIRONMENT["SECTILE_WORKER_MEMORY"] = memory
    call(
        sectile, "run", str(path), "--output", str(output), "--workers", "1", "--log-level", "error"
    )
    document = json.loads((output / "run.json").read_text())
    return {stage["stage"]: stage for stage in document["stages"]}


def seconds(stage: dict) -> float:
    return stage["readSeconds"] + stage["computeSeconds"] + stage["writeSeconds"]


def warp(files: list[pathlib.Path], folder: pathlib.Path, cell: int, *options: str) -> tuple[float, list]:
    total, outputs = 0.0, []
    for index, file in enumerate(files):
        target = folder / f"warped{index}.tif"
        target.unlink(missing_ok=True)
        total += call(
            "gdalwarp", "-q", "-t_srs", ALBERS, "-te", "-2000000", "2400000", "2000000", "5600000",
            "-tr", str(cell), str(cell), "-r", "average", "-ot", "Float32", "-dstnodata", "nan",
            "-co", "TILED=YES", *options, str(file), str(target),
        )
        outputs.append(target)
    return total, outputs


def extract(rasters: list[pathlib.Path], zones: pathlib.Path, folder: pathlib.Path) -> float:
    projected = folder / "projected.gpkg"
    projected.unlink(missing_ok=True)
    call("ogr2ogr", "-q", "-t_srs", ALBERS, str(projected), str(zones))
    from exactextract import exact_extract

    started = time.monotonic()
    for raster in rasters:
        exact_extract(str(raster), str(projected), ["count", "sum", "mean", "variance", "min", "max"])
    return time.monotonic() - started


def main() -> int:
    sectile = sys.argv[1]
    is_quick = "--quick" in sys.argv
    columns, cell = (1400, 8000) if is_quick else (5600, 2000)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_zones(folder / "zones.geojson")
        print("| source | step | seconds | Sectile / other |")
        print("|---|---|---|---|")
        for layout, options in (
            ("striped", ("-co", "COMPRESS=DEFLATE")),
            ("tiled 256", ("-co", "COMPRESS=DEFLATE", "-co", "TILED=YES")),
        ):
            key = re.sub(r"\W", "", layout)
            files = [source(folder, f"{key}{n}", columns, n, *options) for n in (1, 2)]
            stages = run(
                sectile, configuration(folder, key, [file.name for file in files], cell, 512)
            )
            ours = seconds(stages["prepare"])
            exact, rasters = warp(files, folder, cell, "-et", "0")
            zonal = extract(rasters, folder / "zones.geojson", folder)
            default, _ = warp(files, folder, cell)
            balance = seconds(stages["balance"])
            print(f"| {layout} | Sectile prepare, with statistics of zones | {ours:.2f} | |")
            print(f"| {layout} | gdalwarp -et 0 | {exact:.2f} | {ours / exact:.2f} |")
            print(f"| {layout} | gdalwarp as it comes | {default:.2f} | {ours / default:.2f} |")
            print(f"| {layout} | exactextract, six statistics | {zonal:.2f} | |")
            both = exact + zonal
            print(f"| {layout} | gdalwarp -et 0 and exactextract | {both:.2f} | {ours / both:.2f} |")
            print(f"| {layout} | Sectile balance, with sums of zones | {balance:.2f} | |")
        wide = 10_000 if is_quick else 40_000
        files = [
            source(
                folder, f"wide{n}", wide, n, "-co", "BLOCKYSIZE=256", "-co", "COMPRESS=DEFLATE",
                rows=4096,
            )
            for n in (1, 2)
        ]
        budget = 1024
        stages = run(
            sectile,
            configuration(folder, "wide", [file.name for file in files], 8000, 128),
            f"{budget}MiB",
        )
        prepare = stages["prepare"]
        print(
            f"\nA striped raster of {wide} x 4096 pixels in strips of 256 rows: prepare took "
            f"{seconds(prepare):.1f} s, its worker {prepare['peakResidentBytes'] >> 20} MiB at most, of a "
            f"budget of {budget} MiB."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
