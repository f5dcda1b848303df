"""A small MOD17A3HGF file with the true structure of the product, for tests.

usage: make_mod17.py FILE

HDF4-EOS grid `MOD_Grid_MOD17A3H` on the MODIS sinusoidal sphere with the fields `Npp_500m` (int16, scale
0.0001 kgC m-2 yr-1, fill 32767, codes 32761 to 32766) and `Npp_QC_500m`. The samples are made up: pixels
of 23 km instead of 463 m over tile h26v05; rows count the pixels, and a square in the middle is urban
(32762) with a ring of barren land (32765), water in the east (32766), wetland (32763), snow (32764),
unclassified (32761) and fill in the corners. Needs numpy and pyhdf 0.11.
"""

import sys

import numpy
from pyhdf.HDF import HC, HDF
from pyhdf.SD import SD, SDC
from pyhdf.V import V  # noqa: F401  adds the method vgstart

SIZE = 48
PIXEL = 1111950.519667 / SIZE
WEST, NORTH = 8895604.157333, 4447802.078667
GRID = "MOD_Grid_MOD17A3H"

STRUCTURE = f"""GROUP=SwathStructure
END_GROUP=SwathStructure
GROUP=GridStructure
\tGROUP=GRID_1
\t\tGridName="{GRID}"
\t\tXDim={SIZE}
\t\tYDim={SIZE}
\t\tUpperLeftPointMtrs=({WEST:.6f},{NORTH:.6f})
\t\tLowerRightMtrs=({WEST + SIZE * PIXEL:.6f},{NORTH - SIZE * PIXEL:.6f})
\t\tProjection=GCTP_SNSOID
\t\tProjParams=(6371007.181000,0,0,0,0,0,0,0,0,0,0,0,0)
\t\tSphereCode=-1
\t\tGridOrigin=HDFE_GD_UL
\t\tGROUP=Dimension
\t\tEND_GROUP=Dimension
\t\tGROUP=DataField
\t\t\tOBJECT=DataField_1
\t\t\t\tDataFieldName="Npp_500m"
\t\t\t\tDataType=DFNT_INT16
\t\t\t\tDimList=("YDim","XDim")
\t\t\tEND_OBJECT=DataField_1
\t\t\tOBJECT=DataField_2
\t\t\t\tDataFieldName="Npp_QC_500m"
\t\t\t\tDataType=DFNT_UINT8
\t\t\t\tDimList=("YDim","XDim")
\t\t\tEND_OBJECT=DataField_2
\t\tEND_GROUP=DataField
\t\tGROUP=MergedFields
\t\tEND_GROUP=MergedFields
\tEND_GROUP=GRID_1
END_GROUP=GridStructure
GROUP=PointStructure
END_GROUP=PointStructure
END
"""


def samples() -> numpy.ndarray:
    """NPP of a few thousand units, with the product's codes where they belong."""
    values = 4000 + numpy.arange(SIZE * SIZE, dtype=numpy.int16).reshape(SIZE, SIZE) % 1000
    values[16:32, 16:32] = 32765
    values[18:30, 18:30] = 32762
    values[:, 44:] = 32766
    values[0:2, 0:2] = 32763
    values[0:2, 2:4] = 32764
    values[46:, 0:2] = 32761
    values[46:, 2:4] = 32767
    return values.astype(numpy.int16)


def main() -> int:
    path = sys.argv[1]
    file = SD(path, SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    file.attr("HDFEOSVersion").set(SDC.CHAR, "HDFEOS_V2.19")
    file.attr("StructMetadata.0").set(SDC.CHAR, STRUCTURE.ljust(4096, "\0"))
    fields = (
        ("Npp_500m", SDC.INT16, samples()),
        ("Npp_QC_500m", SDC.UINT8, numpy.zeros((SIZE, SIZE), numpy.uint8)),
    )
    references = []
    for name, kind, values in fields:
        field = file.create(name, kind, (SIZE, SIZE))
        field.dim(0).setname(f"YDim:{GRID}")
        field.dim(1).setname(f"XDim:{GRID}")
        if name == "Npp_500m":
            field.attr("long_name").set(SDC.CHAR, "MOD17A3HGF Net Primary Productivity")
            field.attr("units").set(SDC.CHAR, "kg_C/m^2")
            field.attr("valid_range").set(SDC.INT16, [-30000, 32700])
            field.attr("_FillValue").set(SDC.INT16, 32767)
            field.attr("scale_factor").set(SDC.FLOAT64, 0.0001)
            field.attr("add_offset").set(SDC.FLOAT64, 0.0)
        field[:] = values
        references.append(field.ref())
        field.endaccess()
    file.end()
    file = HDF(path, HC.WRITE)
    groups = file.vgstart()
    grid = groups.create(GRID)
    grid._class = "GRID"
    data = groups.create("Data Fields")
    data._class = "GRID Vgroup"
    attributes = groups.create("Grid Attributes")
    attributes._class = "GRID Vgroup"
    for reference in references:
        data.add(HC.DFTAG_NDG, reference)
    grid.insert(data)
    grid.insert(attributes)
    for group in (data, attributes, grid):
        group.detach()
    groups.end()
    file.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
