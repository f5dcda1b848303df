import Foundation
import Testing

/// The emission of the small input in another form, made by GDAL's programs.
struct RasterForm: Sendable {
    /// What it is called in messages and file names.
    let name: String
    /// Commands, words separated by spaces.
    let commands: [String]
    /// What stands in the configuration in place of `path: emission.asc`; SCRATCH is the directory.
    let configuration: String

    private static let translate = "gdal_translate -q -a_srs EPSG:4326"

    /// A form that one call of gdal_translate makes.
    private static func translated(_ name: String, _ options: String, _ file: String) -> RasterForm
    {
        RasterForm(
            name: name,
            commands: ["\(translate) \(options) emission.asc \(file)"],
            configuration: "path: \(file)"
        )
    }

    /// Four files q1.tif … q4.tif, each a quarter of the emission.
    static let quarters = (1...4).map { number in
        "\(translate) -ot Float64 -scale 0 4000 0 1000 -a_nodata -9999 emission.asc q\(number).tif"
    }

    /// Two variables in one file.
    static let twoVariables = [
        "gdalbuildvrt -q -separate two.vrt sink.asc emission.asc",
        "\(translate) -of netCDF two.vrt two.nc",
    ]

    /// All forms.
    static let all: [RasterForm] = [
        translated("striped", "-co COMPRESS=LZW", "striped.tif"),
        translated("tiled", "-co TILED=YES -co BLOCKXSIZE=16 -co BLOCKYSIZE=16", "tiled.tif"),
        translated("cloud-optimised", "-of COG", "cog.tif"),
        translated("netcdf-south-up", "-of netCDF", "plain.nc"),
        translated("netcdf-north-up", "-of netCDF -co WRITE_BOTTOMUP=NO", "north.nc"),
        translated("zarr", "-of ZARR", "store.zarr"),
        translated("a-turn-of-the-earth-away", "-a_ullr -256 38 -247 30", "turned.tif"),
        RasterForm(
            name: "virtual-mosaic",
            commands: [
                "\(translate) -srcwin 0 0 17 32 emission.asc w.tif",
                "\(translate) -srcwin 17 0 19 32 emission.asc e.tif",
                "gdalbuildvrt -q mosaic.vrt w.tif e.tif",
            ],
            configuration: "path: mosaic.vrt"
        ),
        // 100 + 7 n is packed into bytes: n, with scale 7 and offset 100.
        RasterForm(
            name: "packed-netcdf",
            commands: [
                "\(translate) -ot Byte -scale 100 380 0 40 -a_nodata 255 emission.asc packed.tif",
                "\(translate) -of netCDF -a_scale 7 -a_offset 100 packed.tif packed.nc",
            ],
            configuration: "path: packed.nc"
        ),
        RasterForm(
            name: "variable-of-netcdf",
            commands: twoVariables,
            configuration: "path: two.nc\n    subdataset: Band2"
        ),
        RasterForm(
            name: "time-steps",
            commands: quarters + [
                "gdalbuildvrt -q -separate steps.vrt q1.tif q2.tif q3.tif q4.tif",
                "\(translate) -of netCDF -mo NETCDF_DIM_EXTRA={time} -mo NETCDF_DIM_time_DEF={4,6} "
                    + "-mo NETCDF_DIM_time_VALUES={1,2,3,4} steps.vrt steps.nc",
            ],
            configuration: "path: steps.nc\n    band: all\n    combine: sum"
        ),
        RasterForm(
            name: "pattern",
            commands: quarters,
            configuration: "path: q?.tif\n    combine: sum"
        ),
        RasterForm(
            name: "zipped",
            commands: [
                "\(translate) emission.asc inner.tif", "python3 -m zipfile -c outer.zip inner.tif",
            ],
            configuration: "path: /vsizip/SCRATCH/outer.zip/inner.tif"
        ),
        RasterForm(
            name: "south-up",
            commands: [
                "\(translate) emission.asc north.tif",
                "gdalwarp -q -overwrite -te 104 38 113 30 -ts 36 32 north.tif south.tif",
            ],
            configuration: "path: south.tif"
        ),
        RasterForm(
            name: "without-reference",
            commands: [
                "\(translate) -co PROFILE=BASELINE -co TFW=YES emission.asc bare.tif"
            ],
            configuration: "path: bare.tif\n    crs: EPSG:4326"
        ),
    ]

    /// Makes the files and returns what stands in the configuration.
    func make(in scratch: ScratchDirectory) async throws -> String {
        let tools = RasterTools(scratch: scratch)
        for command in commands { try await tools.run(command) }
        return configuration.replacingOccurrences(of: "SCRATCH", with: scratch.path)
    }
}

/// GDAL's programs in a directory.
struct RasterTools {
    let scratch: ScratchDirectory

    /// True when the programs are installed.
    static let areInstalled = ["gdal_translate", "gdalbuildvrt", "gdalwarp", "ogr2ogr", "python3"]
        .allSatisfy { Program.tool($0) != nil }

    /// Runs a command, words separated by spaces, within the directory.
    func run(_ command: String) async throws {
        try await run(command.split(separator: " ").map(String.init))
    }

    /// Runs a program with its arguments within the directory.
    func run(_ words: [String]) async throws {
        let program = try #require(Program.tool(words[0]))
        let finished = try await SectileProcess(
            executable: "/usr/bin/env",
            ["-C", scratch.path, program] + words.dropFirst()
        ).finished()
        try #require(finished.exitCode == 0, "\(words): \(finished.errors)")
    }
}
