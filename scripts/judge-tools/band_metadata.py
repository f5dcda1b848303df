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


def main() -> int:
    directory = pathlib.Path(sys.argv[1])
    found = []
    with rasterio.open(directory / "deficit.tif") as mosaic:
        names = [name.removeprefix("deficit_") for name in mosaic.descriptions]
        expected = [name.removeprefix("deficit_") for name in DEFICIT]
        if names != expected:
            found.append(f"bands {names}, expected {expected}")
        for name, unit, wanted in zip(names, mosaic.units, DEFICIT.values()):
            if (unit or "") not in SPELLINGS.get(wanted, {wanted}):
                found.append(f"{name}: unit '{unit}', expected '{wanted}'")
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
    for text in found:
        print(f"wrong: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
