internal import CGDAL
package import ContentDigest
package import Lattice
private import Synchronization

/// Writes the bands of one tile as a GeoTIFF.
///
/// The file is composed in memory and written in one go: a full disk is then an error of a `write`
/// that nobody can overlook, and the file's digest costs no reading. The same samples give the same
/// bytes with the same library.
package enum TileWriter {
    /// The metadata domain that places a tile on the national grid.
    static let positionDomain = "SECTILE"

    private static let sequence = Atomic<Int>(0)

    /// Writes a tile to a path; an existing file is replaced.
    ///
    /// The caller makes the file durable and renames it: see ``synchronise(_:)``. Memory: the
    /// samples once more, plus the compressed file.
    ///
    /// - Parameters:
    ///   - path: the file, attempt-named by the caller.
    ///   - grid: the national grid, for position and reference.
    ///   - bands: at least one; all over the same window.
    ///   - format: float32, or bytes for status codes, where NaN becomes 255; bands in double
    ///     precision are written as float64 whatever it says.
    ///   - metadata: further items.
    /// - Returns: size and digests.
    /// - Throws: ``RasterError`` with ``RasterError/Code/outOfSpace`` when the disk is full.
    package static func write(
        to path: String,
        grid: Grid,
        bands: [TileBand],
        format: SampleFormat = .float32,
        metadata: [MetadataItem] = []
    ) throws(RasterError) -> WrittenTile {
        guard let first = bands.first?.samples, !first.window.isEmpty,
            bands.allSatisfy({
                $0.samples.window == first.window && $0.samples.isDouble == first.isDouble
            })
        else {
            throw RasterError(
                .writeFailed,
                path: path,
                detail: "a tile needs bands, all over one window and of one precision"
            )
        }
        let window = first.window
        let format = first.isDouble ? SampleFormat.float64 : format
        let number = sequence.wrappingAdd(1, ordering: .relaxed).newValue
        let memoryPath = "/vsimem/sectile-tile-\(number).tif"
        defer { unsafe _ = VSIUnlink(memoryPath) }
        let layout = GeoTIFFLayout(
            columns: window.columnCount,
            rows: window.rowCount,
            bandCount: bands.count,
            format: format,
            creationOptions: creationOptions(window: window, format: format)
        )
        let file = try GeoTIFFFile(creating: memoryPath, layout: layout, nominalPath: path)
        try file.place(grid: grid, window: window)
        file.setMetadata(
            metadata + [
                MetadataItem(
                    domain: positionDomain,
                    key: "ROW_START",
                    value: String(window.rowStart)
                ),
                MetadataItem(
                    domain: positionDomain,
                    key: "COLUMN_START",
                    value: String(window.columnStart)
                ),
            ]
        )
        for (index, band) in bands.enumerated() {
            file.describeBand(index + 1, name: band.name, unit: band.unit, metadata: [])
        }
        for (index, band) in bands.enumerated() {
            switch band.samples {
            case .single(let block): try file.write(block, band: index + 1, firstRow: 0)
            case .double(let block): try file.write(block, band: index + 1, firstRow: 0)
            }
        }
        try file.close()
        return try copy(memoryPath, to: path, samplesDigest: samplesDigest(bands: bands))
    }

    /// SHA-256 of the samples of all bands, in band order, NaN in one pattern.
    ///
    /// It does not depend on names, compression or library versions.
    package static func samplesDigest(bands: [TileBand]) -> ContentDigest {
        var hasher = ContentHasher()
        for band in bands {
            switch band.samples {
            case .single(let block): hasher.update(samples: block.samples)
            case .double(let block): hasher.update(samples: block.samples)
            }
        }
        return hasher.finalize()
    }

    /// SHA-256 of the samples of blocks, in their order, NaN in one pattern.
    package static func samplesDigest(blocks: [CellBlock]) -> ContentDigest {
        var hasher = ContentHasher()
        for block in blocks {
            hasher.update(samples: block.samples)
        }
        return hasher.finalize()
    }

    /// SHA-256 of the samples of blocks in double precision, in their order, NaN in one pattern.
    package static func samplesDigest(blocks: [DoubleBlock]) -> ContentDigest {
        var hasher = ContentHasher()
        for block in blocks {
            hasher.update(samples: block.samples)
        }
        return hasher.finalize()
    }

    /// Forces a written tile to the disk.
    package static func synchronise(_ path: String) throws(RasterError) {
        try LocalFile.synchronise(path)
    }

    private static func creationOptions(window: CellWindow, format: SampleFormat) -> [String] {
        func blockSize(_ count: Int) -> Int { min(256, (count + 15) / 16 * 16) }
        let compression =
            GDALRuntime.compressionIsAvailable("ZSTD")
            ? ["COMPRESS=ZSTD", "ZSTD_LEVEL=1"] : ["COMPRESS=DEFLATE", "ZLEVEL=1"]
        return compression + [
            format == .byte ? "PREDICTOR=2" : "PREDICTOR=3",
            "TILED=YES",
            "BLOCKXSIZE=\(blockSize(window.columnCount))",
            "BLOCKYSIZE=\(blockSize(window.rowCount))",
            "INTERLEAVE=BAND",
            "BIGTIFF=IF_SAFER",
        ]
    }

    private static func copy(
        _ memoryPath: String,
        to path: String,
        samplesDigest: ContentDigest
    ) throws(RasterError) -> WrittenTile {
        var size: vsi_l_offset = 0
        guard let start = unsafe VSIGetMemFileBuffer(memoryPath, &size, 0), size > 0 else {
            throw RasterError(.writeFailed, path: path, detail: "the library made no file")
        }
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: Int(size))
        var hasher = ContentHasher()
        unsafe hasher.update(raw: buffer)
        unsafe try LocalFile.write(buffer, to: path)
        return WrittenTile(
            bytes: Int(size),
            fileDigest: hasher.finalize(),
            samplesDigest: samplesDigest
        )
    }
}
