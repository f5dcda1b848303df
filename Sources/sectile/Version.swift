import CBuildVersion
import Messaging
import RasterIO
import RunStore
import WireProtocol

/// What this program and its libraries call themselves.
enum Version {
    /// Sectile's own version.
    static let number = "0.1.0"

    /// The commit or tag that was built.
    static var commit: String { unsafe String(cString: sectile_build_version()) }

    /// What coordinator and worker compare.
    static var identity: BuildIdentity {
        BuildIdentity(
            version: "\(number) (\(commit))",
            gdal: GDALRuntime.gdalVersion,
            proj: GDALRuntime.projVersion
        )
    }

    /// The program and the libraries that results depend on.
    static var all: [(name: String, version: String)] {
        [
            ("sectile", "\(number) (\(commit))"),
            ("GDAL", GDALRuntime.gdalVersion),
            ("PROJ", GDALRuntime.projVersion),
            ("libzmq", ZeroMQLibrary.current.versionText),
            ("SQLite", SQLiteLibrary.versionText),
        ]
    }

    /// One line each for the program and its libraries.
    static var text: String {
        all.map { "\($0.name) \($0.version)" }.joined(separator: "\n")
    }
}
