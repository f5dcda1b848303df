"""Writes a GeoTIFF of float32 in longitude and latitude: some structure, and 5 % nodata.

usage: make_raster.py PATH COLUMNS ROWS SEED WEST NORTH WIDTH HEIGHT [OPTION OF gdal_translate …]
"""

import pathlib
import subprocess
import sys

import numpy

NODATA = -9999

path = pathlib.Path(sys.argv[1])
columns, rows, seed = (int(argument) for argument in sys.argv[2:5])
west, north, width, height = (float(argument) for argument in sys.argv[5:9])
random = numpy.random.default_rng(seed)
raw = path.with_suffix(".raw")
with open(raw, "wb") as file:
    for row in range(rows):
        line = 500 + 400 * numpy.sin(numpy.arange(columns) / 97 + row / 61)
        line += 100 * random.random(columns)
        line[random.random(columns) < 0.05] = NODATA
        line.astype("<f4").tofile(file)
view = path.with_suffix(".vrt")
view.write_text(
    f'<VRTDataset rasterXSize="{columns}" rasterYSize="{rows}"><SRS>EPSG:4326</SRS>'
    f"<GeoTransform>{west}, {width / columns}, 0, {north}, 0, {-height / rows}</GeoTransform>"
    f'<VRTRasterBand dataType="Float32" band="1" subClass="VRTRawRasterBand">'
    f"<NoDataValue>{NODATA}</NoDataValue>"
    f'<SourceFilename relativeToVRT="1">{raw.name}</SourceFilename><ByteOrder>LSB</ByteOrder>'
    f"<ImageOffset>0</ImageOffset><PixelOffset>4</PixelOffset>"
    f"<LineOffset>{4 * columns}</LineOffset></VRTRasterBand></VRTDataset>"
)
subprocess.run(["gdal_translate", "-q", *sys.argv[9:], view, path], check=True)
raw.unlink()
view.unlink()
