"""Compares what two runs left."""

import rasterio

MOSAICS = ("deficit", "status", "gwr", "neighbourhood")


def differences(ours, theirs):
    """Bands and tables of two run directories that are not the same bytes."""
    found = []
    for name in MOSAICS:
        with rasterio.open(ours / f"mosaic/{name}.tif") as left, rasterio.open(theirs / f"mosaic/{name}.tif") as right:
            if left.descriptions != right.descriptions or left.dtypes != right.dtypes:
                found.append(f"{name}: other bands")
                continue
            for index, band in zip(left.indexes, left.descriptions):
                if left.read(index).tobytes() != right.read(index).tobytes():
                    found.append(f"{name}: {band}")
    for table in ("cities.csv", "bandwidth.csv"):
        if (ours / "tables" / table).read_bytes() != (theirs / "tables" / table).read_bytes():
            found.append(table)
    return found
