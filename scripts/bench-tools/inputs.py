"""The way of the inputs to the grid, beside gdalwarp and exactextract.

Two layers of float32 in longitude and latitude, striped and tiled, go to an Albers grid of half their
resolution; then both are summed over 18 x 12 zones. At last a striped raster of 40,000 columns.
"""

import json
import shutil
import statistics
import subprocess

from bench import PYTHON, TOOLS, number, table

ALBERS = (
    "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
)
WEST, NORTH, WIDTH, HEIGHT = 76.0, 52.0, 56.0, 33.0
BUDGET_MIB = 256


def section(bench):
    """The text of the results."""
    quick = bench.options.quick
    columns, cell = (1400, 8000) if quick else (5600, 2000)
    folder = bench.scratch / "inputs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_zones(folder / "zones.geojson")
    subprocess.run(["ogr2ogr", "-q", "-t_srs", ALBERS, folder / "projected.gpkg",
                    folder / "zones.geojson"], check=True)
    rows = []
    for layout, options in (("striped", []), ("tiled 256", ["-co", "TILED=YES"])):
        key = layout.split()[0]
        files = [source(folder, f"{key}{n}", columns, n, "-co", "COMPRESS=DEFLATE", *options)
                 for n in (1, 2)]
        for cores in (1, 2):
            rows.append(compare(bench, folder, key, layout, files, cell, cores))
    shutil.rmtree(folder / "runs", ignore_errors=True)
    memory = wide(bench, folder, 10_000 if quick else 40_000)
    shutil.rmtree(folder)
    header = ["source", "cores", "Sectile `prepare` s", "gdalwarp -et 0 s", "its default s",
              "exactextract s", "Sectile / gdalwarp -et 0", "Sectile / its default",
              "Sectile / (gdalwarp -et 0 + exactextract)"]
    return f"""### Sources to the grid and to zones

Two float32 layers of {columns:,} x {int(columns * HEIGHT / WIDTH):,} pixels (deflate, 5 % nodata) to an Albers
grid of {cell // 1000} km in tiles of 512 cells, with six statistics over 216 zones. Sectile: stage `prepare`, which reads, regrids, writes, and sums
over zones: on one core the seconds of its steps, on two those of its two workers, halved. gdalwarp `-r average`, files one after the other, with
`-et 0` (every pixel projected: the setting whose result does not depend on the window, as Sectile's) and as it comes (an
approximation with seams); on two cores with `-multi -wo NUM_THREADS=2`. exactextract: the same statistics of the two warped rasters, on one
core always. Medians of {runs(bench)}.

{table(header, rows)}

### Memory

{memory}"""


def runs(bench):
    """How often each thing is measured."""
    return 1 if bench.options.quick else 5


def compare(bench, folder, key, layout, files, cell, cores):
    """A row: the same job by all programs on so many cores."""
    ours, exact, default, zonal = [], [], [], []
    threads = ["-multi", "-wo", f"NUM_THREADS={cores}"] if cores > 1 else []
    for _ in range(runs(bench)):
        stage = run(bench, configuration(folder, key, files, cell, 512), cores)
        ours.append(seconds(stage) / cores)
        exact.append(warp(bench, files, folder, cell, cores, "-et", "0", *threads))
        zonal.append(bench.run([PYTHON, TOOLS / "zonal_peer.py", folder / "projected.gpkg",
                                folder / "warped0.tif", folder / "warped1.tif"])["seconds"])
        default.append(warp(bench, files, folder, cell, cores, *threads))
    ours, exact, default, zonal = map(statistics.median, (ours, exact, default, zonal))
    return [layout, cores, number(ours), number(exact), number(default), number(zonal),
            number(ours / exact), number(ours / default), number(ours / (exact + zonal))]


def wide(bench, folder, columns):
    """A sentence about a raster whose strips are as wide as a continent."""
    files = [source(folder, f"wide{n}", columns, n, "-co", "BLOCKYSIZE=256", "-co",
                    "COMPRESS=DEFLATE", rows=4096) for n in (1, 2)]
    stage = run(bench, configuration(folder, "wide", files, 8000, 128), 1, f"{BUDGET_MIB}MiB")
    return (f"A striped raster of {columns:,} x 4,096 pixels in strips of 256 rows: `prepare` took "
            f"{number(seconds(stage))} s, its worker {stage['peakResidentBytes'] >> 20} MiB at most, of "
            f"a budget of {BUDGET_MIB} MiB.")


def run(bench, path, cores, memory=None):
    """The stage `prepare` of a run by Sectile with one worker for each core."""
    output = path.parent / "runs" / path.stem
    shutil.rmtree(output, ignore_errors=True)
    limits = ["env", f"SECTILE_WORKER_MEMORY={memory}"] if memory else []
    bench.run([PYTHON, TOOLS / "timed.py", *limits, bench.binaries / "sectile", "run", path,
               "--output", output, "--workers", cores, "--log-level", "error"], cores=cores)
    document = json.loads((output / "run.json").read_text())
    return next(stage for stage in document["stages"] if stage["stage"] == "prepare")


def seconds(stage):
    """What the workers spent on a stage."""
    return stage["readSeconds"] + stage["computeSeconds"] + stage["writeSeconds"]


def warp(bench, files, folder, cell, cores, *options):
    """Seconds of gdalwarp for all files."""
    total = 0.0
    for index, file in enumerate(files):
        target = folder / f"warped{index}.tif"
        target.unlink(missing_ok=True)
        total += bench.run(
            [PYTHON, TOOLS / "timed.py", "gdalwarp", "-q", "-t_srs", ALBERS, "-te", "-2000000",
             "2400000", "2000000", "5600000", "-tr", cell, cell, "-r", "average", "-ot", "Float32",
             "-dstnodata", "nan", "-co", "TILED=YES", *options, file, target],
            cores=cores)["seconds"]
    return total


def source(folder, name, columns, seed, *options, rows=None):
    """A raster of positive values with some structure, and 5 % nodata."""
    rows = rows or int(columns * HEIGHT / WIDTH)
    path = folder / f"{name}.tif"
    subprocess.run([PYTHON, TOOLS / "make_raster.py", path, str(columns), str(rows), str(seed),
                    str(WEST), str(NORTH), str(WIDTH), str(HEIGHT), *options], check=True)
    return path


def write_zones(path):
    """Cells of longitude and latitude within the rasters."""
    features = []
    for row in range(12):
        for column in range(18):
            w, n = 80 + 2.6 * column, 50 - 2.4 * row
            ring = [[w, n], [w, n - 2.4], [w + 2.6, n - 2.4], [w + 2.6, n], [w, n]]
            features.append({"type": "Feature", "properties": {"id": f"z{row:02}{column:02}"},
                             "geometry": {"type": "Polygon", "coordinates": [ring]}})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def configuration(folder, name, files, cell, tile):
    """A configuration of the two files."""
    columns, rows = 4_000_000 // cell, 3_200_000 // cell
    path = folder / f"{name}.yaml"
    path.write_text(f"""name: {name}
grid: {{crs: china-albers, originX: -2000000, originY: 5600000, cellSizeMetres: {cell}, columns: {columns}, rows: {rows}}}
tiling: {{tileSizePixels: {tile}}}
layers:
  - {{name: emission, role: emission, path: {files[0]}, quantity: density, unit: tCO2/km2/yr}}
  - {{name: sink, role: sink, sink: npp, path: {files[1]}, quantity: density, unit: tCO2/km2/yr}}
zones: {{path: zones.geojson, idField: id, outside: keep}}
""")
    return path
