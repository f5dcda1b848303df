"""A small HDF5 file with two variables and no map position of its own, for tests.

usage: make_hdf5.py FILE

As many HDF5 products: `/science/npp` and `/science/quality` under groups. Needs numpy and h5py 3.
"""

import sys

import h5py
import numpy


def main() -> int:
    with h5py.File(sys.argv[1], "w") as file:
        group = file.create_group("science")
        values = numpy.arange(32 * 36, dtype="f4").reshape(32, 36) % 97
        group.create_dataset("npp", data=values, chunks=(8, 9), compression="gzip")
        group.create_dataset("quality", data=numpy.zeros((32, 36), "u1"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
