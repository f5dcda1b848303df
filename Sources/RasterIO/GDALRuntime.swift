internal import CGDAL
private import Synchronization

/// The one place where the process-wide state of GDAL is set.
///
/// Drivers are registered on first use. The options that decide results are fixed here and not left
/// to the environment of each machine: PROJ's network is off, because a grid fetched by one worker
/// and not by another would move its cells.
package enum GDALRuntime {
    /// The oldest GDAL that is supported, as the library writes it: 3.6.0.
    package static let minimumVersionNumber = 3_060_000

    /// Registers the drivers, limits the block cache, and refuses a library that is too old.
    ///
    /// May be called again to change the limit; the block cache is shared by all threads.
    ///
    /// - Parameter cacheBytes: the limit of the block cache, bytes; at least 1 MiB is used.
    /// - Throws: ``RasterError/Code/noDriver`` when GDAL is older than 3.6.
    package static func start(cacheBytes: Int) throws(RasterError) {
        guard versionNumber >= minimumVersionNumber else {
            throw RasterError(
                .noDriver,
                detail: "GDAL \(gdalVersion) is too old: 3.6 or newer is needed"
            )
        }
        register()
        GDALSetCacheMax64(GIntBig(max(cacheBytes, 1 << 20)))
    }

    /// The version of GDAL, such as `3.6.2`.
    package static var gdalVersion: String { versionText("RELEASE_NAME") }

    /// The version of PROJ, such as `9.1.1`.
    package static var projVersion: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        unsafe OSRGetPROJVersion(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// GDAL's version as one number: 3060200 for 3.6.2.
    package static var versionNumber: Int { Int(versionText("VERSION_NUM")) ?? 0 }

    /// True when a raster or vector driver such as `COG` or `GPKG` is registered.
    package static func driverIsAvailable(_ name: String) -> Bool {
        register()
        return unsafe GDALGetDriverByName(name) != nil
    }

    /// True when GeoTIFFs can be written with a compression such as `ZSTD`.
    package static func compressionIsAvailable(_ name: String) -> Bool {
        register()
        guard let driver = unsafe GDALGetDriverByName("GTiff"),
            let options = unsafe text(
                of: GDALGetMetadataItem(driver, "DMD_CREATIONOPTIONLIST", nil)
            )
        else { return false }
        return options.contains(">\(name)<")
    }

    /// Registers the drivers and fixes the options, once per process.
    static func register() {
        _ = registration
    }

    /// Swift runs the initialiser of a static constant exactly once, whatever the threads.
    private static let registration: Void = {
        // Threads that GDAL makes itself have no handler of ours: they must not print either.
        unsafe _ = CPLSetErrorHandler(CPLQuietErrorHandler)
        let options = [
            // Nothing is written beside a file; inputs may still be described by a sidecar, see
            // RasterDataset.
            ("GDAL_PAM_ENABLED", "NO"),
            ("PROJ_NETWORK", "OFF"),
        ]
        for (key, value) in options {
            unsafe CPLSetConfigOption(key, value)
        }
        // How long to wait for a server decides no result: the operator's own settings stand.
        for (key, value) in RemoteSource.options
        where unsafe CPLGetConfigOption(key, nil) == nil {
            unsafe CPLSetConfigOption(key, value)
        }
        OSRSetPROJEnableNetwork(0)
        GDALAllRegister()
        GDALSetCacheMax64(64 << 20)
    }()

    private static func versionText(_ request: String) -> String {
        unsafe text(of: GDALVersionInfo(request)) ?? ""
    }
}
