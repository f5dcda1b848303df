internal import CGDAL

/// The variables and subdatasets within a file.
package enum Subdataset {
    /// What the library opens for a variable of a file.
    ///
    /// The names are the file's own, as its driver lists them: the last part suffices (`Npp_500m`,
    /// `co2`), several parts decide between equal ones (`MOD_Grid_MOD17A3H:Npp_500m`). A file with a
    /// single variable lists none; then the driver decides on the form.
    ///
    /// - Parameters:
    ///   - name: the variable, or the whole name of a subdataset.
    ///   - path: the file.
    /// - Returns: the subdataset's whole name.
    /// - Throws: ``RasterError`` naming the variables that exist.
    package static func path(_ name: String, in path: String) throws(RasterError) -> String {
        // A whole name, as the library's own programs print it.
        if name.contains(":"), name.contains(path) { return name }
        let (names, driver) = try list(path)
        let matching = names.filter { isMeant($0, by: name) }
        if let only = matching.first, matching.count == 1 { return only }
        if matching.count > 1 {
            throw RasterError(
                .noSuchLayer,
                path: path,
                detail: "'\(name)' may be each of \(matching.joined(separator: ", "))"
            )
        }
        guard names.isEmpty else {
            throw RasterError(
                .noSuchLayer,
                path: path,
                detail: "it has no '\(name)'; it has "
                    + names.prefix(40).map { lastPart(of: $0) }.joined(separator: ", ")
            )
        }
        switch driver {
        case "netCDF": return "NETCDF:\"\(path)\":\(name)"
        case "HDF5", "HDF5Image": return "HDF5:\"\(path)\"://\(name)"
        case "Zarr": return "ZARR:\"\(path)\":/\(name)"
        default:
            throw RasterError(
                .noSuchLayer,
                path: path,
                detail: "it has no subdatasets; leave 'subdataset' out"
            )
        }
    }

    private static func list(_ path: String) throws(RasterError) -> ([String], String) {
        let flags =
            UInt32(GDAL_OF_RASTER) | UInt32(GDAL_OF_READONLY) | UInt32(GDAL_OF_VERBOSE_ERROR)
        let handle = unsafe try RasterDataset.open(path: path, flags: flags)
        defer { withGDALMessages { _ in unsafe GDALClose(handle) } }
        return withGDALMessages { _ in
            let names = unsafe texts(of: GDALGetMetadata(handle, "SUBDATASETS")).compactMap {
                line in
                line.contains("_NAME=")
                    ? line.split(separator: "=", maxSplits: 1).last.map(String.init) : nil
            }
            let driver = unsafe text(of: GDALGetDescription(GDALGetDatasetDriver(handle)))
            return (names, driver ?? "")
        }
    }

    /// The part after the file: `MOD_Grid:Npp`, `/group/co2`, `co2`.
    private static func lastPart(of name: String) -> Substring {
        name.split(separator: "\"").last.map { $0.drop { $0 == ":" || $0 == "/" } } ?? name[...]
    }

    private static func isMeant(_ name: String, by text: String) -> Bool {
        if name == text { return true }
        let part = lastPart(of: name)
        guard part.hasSuffix(text) else { return false }
        let before = part.dropLast(text.count).last
        return before == nil || before == ":" || before == "/"
    }
}
