"""The arithmetic of the demo's proxies. None of them is a measurement of carbon."""

import numpy as np
from scipy.spatial import cKDTree

EARTH_RADIUS_KM = 6371.0

# Emission: a nominal national total, spread by night lights, city population and a small floor.
NATIONAL_TOTAL_TCO2 = 11e9
NATIONAL_COUNTRY_CODES = ("CN", "HK", "MO", "TW")
LIGHTS_BACKGROUND = 46  # of 255: red and green of unlit land stay below it, in bright deserts too
POPULATION_WEIGHT = 0.02  # digital numbers per person and km2
FLOOR_WEIGHT = 0.03  # digital numbers: keeps E above 0 on all land
CITY_SPREAD_KM = 12.0  # of a small city; a large one is spread until its peak is below the next line
CITY_PEAK_PER_KM2 = 8000
DISTRICT_REACH_KM = 25.0  # a smaller place this near to a larger one of its country is counted in it
CO2_PER_C = 44 / 12

# Sink: light-use efficiency, without limits by temperature, water or cloud; hence the low efficiency.
GREENNESS_BARE, GREENNESS_FULL = -0.07, 0.25
LIGHT_USE_EFFICIENCY_GC_PER_MJ = 0.18
PAR_SHARE = 0.5
CLEAR_SKY_TRANSMISSION = 0.75


def unit_vectors(longitudes, latitudes):
    """Points on the unit sphere, n x 3, of coordinates in degrees."""
    longitude, latitude = np.radians(longitudes), np.radians(latitudes)
    return np.stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ],
        axis=-1,
    )


def lights_from_picture(picture):
    """Night lights above the unlit background, digital numbers 0 to 209."""
    return np.clip(np.minimum(picture[..., 0], picture[..., 1]) - LIGHTS_BACKGROUND, 0, None)


def greenness_from_picture(picture):
    """(green - red) / (green + red), and 0 where water or snow; a stand-in for NDVI."""
    red, green, blue = (picture[..., band] for band in range(3))
    index = (green - red) / np.maximum(green + red, 1)
    water = ((blue > green) & (blue > red)) | (picture.sum(axis=-1) < 40)
    snow = picture.mean(axis=-1) > 190
    return np.where(water | snow, GREENNESS_BARE, index)


def without_districts(longitudes, latitudes, populations, countries):
    """Indices of the listed places that are not districts of a larger place, which counts their people already."""
    points = unit_vectors(longitudes, latitudes)
    chord = 2 * np.sin(DISTRICT_REACH_KM / EARTH_RADIUS_KM / 2)
    district = np.zeros(populations.size, dtype=bool)
    for first, second in cKDTree(points).query_pairs(chord):
        if countries[first] == countries[second]:
            smaller = second if populations[second] <= populations[first] else first
            district[smaller] = True
    return np.flatnonzero(~district)


def city_population_density(grid, land, longitudes, latitudes, populations):
    """Persons per km2: each city spread over the land around it by a Gaussian that widens with its population."""
    density = np.zeros((grid.rows, grid.columns))
    areas = np.broadcast_to(grid.cell_areas_km2[:, None], density.shape)
    kilometres_per_degree = np.radians(1) * EARTH_RADIUS_KM
    variances = CITY_SPREAD_KM**2 + populations / (2 * np.pi * CITY_PEAK_PER_KM2)
    for longitude, latitude, population, variance in zip(
        longitudes, latitudes, populations, variances
    ):
        narrowing = np.cos(np.radians(latitude))
        north = (grid.latitudes - latitude) * kilometres_per_degree
        east = (grid.longitudes - longitude) * kilometres_per_degree * narrowing
        reach = 4 * np.sqrt(variance)
        rows, columns = np.flatnonzero(np.abs(north) <= reach), np.flatnonzero(np.abs(east) <= reach)
        if rows.size == 0 or columns.size == 0:
            continue
        window = np.ix_(rows, columns)
        squares = north[rows, None] ** 2 + east[None, columns] ** 2
        kernel = np.exp(-squares / (2 * variance)) * land[window]
        mass = (kernel * areas[window]).sum()
        if mass > 0:
            density[window] += population * kernel / mass
    return density


def national_cells(grid, longitudes, latitudes, countries):
    """Cells whose nearest listed city is one of the nation's: the nation without any boundary data."""
    centres = np.meshgrid(grid.longitudes, grid.latitudes)
    tree = cKDTree(unit_vectors(longitudes, latitudes))
    _, nearest = tree.query(unit_vectors(*centres))
    return np.isin(countries[nearest], NATIONAL_COUNTRY_CODES)


def emission_tonnes_carbon(grid, land, national, lights, population):
    """tC per cell and year; NaN on the sea. The national cells sum to the nominal total."""
    weight = lights + POPULATION_WEIGHT * population + FLOOR_WEIGHT
    weight = weight * land * grid.cell_areas_km2[:, None]
    total = weight[national].sum()
    emission = weight / total * NATIONAL_TOTAL_TCO2 / CO2_PER_C
    return np.where(land > 0, emission, np.nan)


def extraterrestrial_radiation(latitudes):
    """Yearly sum on a level surface outside the atmosphere, MJ m-2 (FAO-56, equations 21 to 25)."""
    day = np.arange(1, 366)
    declination = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    distance = 1 + 0.033 * np.cos(2 * np.pi * day / 365)
    latitude = np.radians(latitudes)[:, None]
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    daily = (24 * 60 / np.pi) * 0.0820 * distance * (
        sunset * np.sin(latitude) * np.sin(declination)
        + np.cos(latitude) * np.cos(declination) * np.sin(sunset)
    )
    return daily.sum(axis=1)


def production_gc_per_m2(grid, land, greenness):
    """NPP proxy, gC m-2 yr-1: efficiency x absorbed share x photosynthetic radiation; NaN on the sea."""
    absorbed = (greenness - GREENNESS_BARE) / (GREENNESS_FULL - GREENNESS_BARE)
    light = PAR_SHARE * CLEAR_SKY_TRANSMISSION * extraterrestrial_radiation(grid.latitudes)
    production = LIGHT_USE_EFFICIENCY_GC_PER_MJ * np.clip(absorbed, 0, 1) * light[:, None]
    return np.where(land > 0, production, np.nan)


def slope_degrees(elevation, grid):
    """Steepest slope by central differences over true distances, degrees."""
    metres_per_degree = np.radians(1) * EARTH_RADIUS_KM * 1000
    north = np.gradient(elevation, grid.cell_size * metres_per_degree, axis=0)
    east = np.gradient(elevation, grid.cell_size * metres_per_degree, axis=1)
    east = east / np.cos(np.radians(grid.latitudes))[:, None]
    return np.degrees(np.arctan(np.hypot(north, east)))


def sea_distance_km(grid, sea_longitudes, sea_latitudes):
    """Great-circle distance from each cell centre to the nearest sea node, km."""
    tree = cKDTree(unit_vectors(sea_longitudes, sea_latitudes))
    chord, _ = tree.query(unit_vectors(*np.meshgrid(grid.longitudes, grid.latitudes)))
    return 2 * EARTH_RADIUS_KM * np.arcsin(chord / 2)
