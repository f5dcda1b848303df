"""Writes one-band GeoTIFF files in EPSG:4326 from arrays, through GDAL's command-line tools."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

GDAL_TYPES = {"int16": "Int16", "int32": "Int32"}


@dataclass(frozen=True)
class LatitudeLongitudeGrid:
    """A north-up grid in degrees: upper-left corner, cell size, columns and rows."""

    west: float
    north: float
    cell_size: float
    columns: int
    rows: int

    @property
    def longitudes(self):
        """Longitudes of the cell centres, degrees, west to east."""
        return self.west + self.cell_size * (np.arange(self.columns) + 0.5)

    @property
    def latitudes(self):
        """Latitudes of the cell centres, degrees, north to south."""
        return self.north - self.cell_size * (np.arange(self.rows) + 0.5)

    @property
    def cell_areas_km2(self):
        """Areas of the cells of each row on the WGS 84 ellipsoid, km2 (closed formula of the authalic integral)."""
        edges = np.radians(self.north - self.cell_size * np.arange(self.rows + 1))
        semi_major, flattening = 6378.137, 1 / 298.257223563
        eccentricity = np.sqrt(flattening * (2 - flattening))
        sine = np.sin(edges)
        integral = (
            sine / (1 - (eccentricity * sine) ** 2)
            + np.arctanh(eccentricity * sine) / eccentricity
        ) / 2
        band = semi_major**2 * (1 - eccentricity**2) * -np.diff(integral)
        return band * np.radians(self.cell_size)


def write_geotiff(path, values, grid, *, kind, scale, nodata, unit, description, proxy):
    """Writes `values` (NaN where unknown) as integers of `kind`, value = scale × stored; deflate, predictor 2."""
    stored = np.where(np.isfinite(values), np.round(values / scale), nodata)
    limits = np.iinfo(kind)
    if stored.min() < limits.min or stored.max() > limits.max:
        raise ValueError(f"{path}: {stored.min()}…{stored.max()} does not fit in {kind}")
    stored = stored.astype("<" + np.dtype(kind).str[1:])
    path = Path(path)
    with tempfile.TemporaryDirectory() as folder:
        raw, description_file = Path(folder, "values.raw"), Path(folder, "values.vrt")
        raw.write_bytes(stored.tobytes())
        width = stored.dtype.itemsize
        description_file.write_text(
            f"""<VRTDataset rasterXSize="{grid.columns}" rasterYSize="{grid.rows}">
  <SRS>EPSG:4326</SRS>
  <GeoTransform>{grid.west!r}, {grid.cell_size!r}, 0, {grid.north!r}, 0, {-grid.cell_size!r}</GeoTransform>
  <Metadata>
    <MDI key="TIFFTAG_IMAGEDESCRIPTION">{escape(description)}</MDI>
    <MDI key="PROXY">{"YES" if proxy else "NO"}</MDI>
  </Metadata>
  <VRTRasterBand dataType="{GDAL_TYPES[kind]}" band="1" subClass="VRTRawRasterBand">
    <Description>{escape(path.stem)}</Description>
    <UnitType>{escape(unit)}</UnitType>
    <Scale>{scale!r}</Scale>
    <NoDataValue>{nodata}</NoDataValue>
    <SourceFilename relativetoVRT="1">values.raw</SourceFilename>
    <ByteOrder>LSB</ByteOrder>
    <ImageOffset>0</ImageOffset>
    <PixelOffset>{width}</PixelOffset>
    <LineOffset>{width * grid.columns}</LineOffset>
  </VRTRasterBand>
</VRTDataset>
"""
        )
        subprocess.run(
            ["gdal_translate", "-q", "-of", "GTiff"]
            + ["-co", "COMPRESS=DEFLATE", "-co", "ZLEVEL=9", "-co", "PREDICTOR=2"]
            + ["-co", "BLOCKYSIZE=64", str(description_file), str(path)],
            check=True,
        )
