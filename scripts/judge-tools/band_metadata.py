"""Names, units, nodata and statistics of the mosaics' bands, with statistics recomputed.

usage: band_metadata.py MOSAIC-DIRECTORY
"""

import math
import pathlib
import sys

import numpy
import rasterio

FLUX = "tCO2 km-2 yr-1"
DEFICIT = {
    "emission": FLUX,
    "sink": FLUX,
    "emission_valid": "1",
    "sink_valid": "1",
    "deficit_abs": FLUX,
    "deficit_rel": "1",
    "deficit_norm": "1",
}
NEIGHBOURHOOD = {
    "bandwidth_m": "m",
    "neighbours_used": "1",
    "neighbours_effective": "1",
    "density": "km-2",
    "one_sidedness": "1",
    "condition_number": "1",
}
SPELLINGS = {"1": {"1", ""}}


def findings(mosaic: rasterio.DatasetReader) -> list[str]:
    """What is wrong with the bands, one sentence each."""
    found = []
    for index in mosaic.indexes:
        name = mosaic.descriptions[index - 1]
        samples = mosaic.read(index, masked=True).astype(numpy.float64)
        values = numpy.ma.masked_invalid(samples).compressed()
        tags = mosaic.tags(index)
        expected = {
            "STATISTICS_MINIMUM": values.min(),
            "STATISTICS_MAXIMUM": values.max(),
            "STATISTICS_MEAN": values.mean(),
            "STATISTICS_STDDEV": values.std(),
        }
        for key, value in expected.items():
            if key not in tags or not math.isclose(
                float(tags[key]), value, rel_tol=1e-9, abs_tol=1e-9
            ):
                found.append(f"{name}: {key} is {tags.get(key)}, the samples say {value}")
        print(f"{name}: unit '{mosaic.units[index - 1]}', nodata {mosaic.nodata}, n {len(values)}")
    return found


def check_unit(name: str, unit: str | None, wanted: str) -> list[str]:
    """Whether a unit is the expected one, in any of its spellings."""
    if (unit or "") in SPELLINGS.get(wanted, {wanted}):
        return []
    return [f"{name}: unit '{unit}', expected '{wanted}'"]


def check_tags(mosaic: rasterio.DatasetReader, wanted: list[str]) -> list[str]:
    """The metadata that every band of a mosaic of the regression must have."""
    found = []
    for index in mosaic.indexes:
        missing = [key for key in wanted if key not in mosaic.tags(index)]
        if missing:
            found.append(f"{mosaic.descriptions[index - 1]}: no {', '.join(missing)}")
    return found


def model_findings(directory: pathlib.Path) -> list[str]:
    """What is wrong with gwr.tif and neighbourhood.tif."""
    everywhere = ["LONG_NAME", "RESPONSE", "KERNEL", "BANDWIDTH", "BANDWIDTH_STATE", "SIGMA2", "N"]
    found = []
    with rasterio.open(directory / "gwr.tif") as mosaic:
        names = list(mosaic.descriptions)
        terms = [name.removeprefix("beta_") for name in names if name.startswith("beta_")]
        expected = [f"{kind}_{term}" for kind in ("beta", "se", "t") for term in terms]
        expected += ["fitted", "residual", "local_r2", "unidentified_terms"]
        expected += [f"sign_stability_{term}" for term in terms]
        conditional = names[-1].startswith("significant_if_independent_")
        prefix = "significant_if_independent_" if conditional else "significant_"
        expected += [prefix + term for term in terms]
        if names != expected or terms[:1] != ["intercept"]:
            found.append(f"gwr bands {names}, expected {expected}")
        if any(kind != "float64" for kind in mosaic.dtypes) or not math.isnan(mosaic.nodata):
            found.append(f"gwr types {mosaic.dtypes}, nodata {mosaic.nodata}")
        found += check_tags(mosaic, everywhere)
        for index, name in enumerate(names, 1):
            tags = mosaic.tags(index)
            if name.startswith("t_"):
                found += check_unit(name, mosaic.units[index - 1], "1")
            if name.startswith(("se_", "t_")) and conditional != ("ASSUMPTION" in tags):
                found.append(f"{name}: ASSUMPTION does not agree with the name {prefix}…")
            if name.startswith("beta_") and name != "beta_intercept" and "COLUMN_SD" not in tags:
                found.append(f"{name}: mean and deviation of its column are not told")
        found += findings(mosaic)
    with rasterio.open(directory / "neighbourhood.tif") as mosaic:
        if list(mosaic.descriptions) != list(NEIGHBOURHOOD):
            found.append(f"neighbourhood bands {mosaic.descriptions}")
        for name, unit, wanted in zip(mosaic.descriptions, mosaic.units, NEIGHBOURHOOD.values()):
            found += check_unit(name, unit, wanted)
        if any(kind != "float32" for kind in mosaic.dtypes) or not math.isnan(mosaic.nodata):
            found.append(f"neighbourhood types {mosaic.dtypes}, nodata {mosaic.nodata}")
        found += check_tags(mosaic, everywhere) + findings(mosaic)
    return found


def main() -> int:
    directory = pathlib.Path(sys.argv[1])
    found = []
    with rasterio.open(directory / "deficit.tif") as mosaic:
        names = [name.removeprefix("deficit_") for name in mosaic.descriptions]
        expected = [name.removeprefix("deficit_") for name in DEFICIT]
        if names != expected:
            found.append(f"bands {names}, expected {expected}")
        for name, unit, wanted in zip(names, mosaic.units, DEFICIT.values()):
            found += check_unit(name, unit, wanted)
        if not math.isnan(mosaic.nodata):
            found.append(f"nodata {mosaic.nodata}, expected NaN")
        if any(kind != "float32" for kind in mosaic.dtypes):
            found.append(f"types {mosaic.dtypes}, expected float32")
        formulas = [key for i in mosaic.indexes for key in mosaic.tags(i) if "FORMULA" in key]
        if len(formulas) < 3:
            found.append("not every variant tells its formula")
        found += findings(mosaic)
    with rasterio.open(directory / "status.tif") as mosaic:
        if list(mosaic.descriptions) != ["deficit", "regression"]:
            found.append(f"status bands {mosaic.descriptions}")
        if mosaic.nodata != 255 or any(kind != "uint8" for kind in mosaic.dtypes):
            found.append(f"status nodata {mosaic.nodata}, types {mosaic.dtypes}")
        found += findings(mosaic)
    found += model_findings(directory)
    for text in found:
        print(f"wrong: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
