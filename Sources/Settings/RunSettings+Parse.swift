import Foundation

extension RunSettings {
    /// The largest configuration file, bytes.
    package static let maximumBytes = 1 << 20

    /// Reads and parses a configuration file.
    ///
    /// - Parameters:
    ///   - path: the file as the user named it; messages name it so.
    ///   - currentDirectory: absolute directory against which a relative `path` is meant.
    ///   - environment: see ``parse(_:file:directory:environment:flags:)``.
    ///   - flags: see ``parse(_:file:directory:environment:flags:)``.
    /// - Returns: complete settings: every default is filled in.
    /// - Throws: ``SettingsError`` with every problem of the file.
    package static func load(
        path: String,
        currentDirectory: String,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(SettingsError) -> RunSettings {
        let absolute = SourcePath.joined(path, to: currentDirectory)
        let contents: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: absolute))
            defer { try? handle.close() }
            contents = try handle.read(upToCount: maximumBytes + 1) ?? Data()
        } catch {
            let reason = (error as NSError).localizedDescription
            throw SettingsError(
                .unreadable,
                file: path,
                problems: [.init(at: .file, keyPath: "", message: "cannot be read: \(reason)")]
            )
        }
        return try parse(
            Array(contents),
            file: path,
            directory: SourcePath.directory(of: absolute),
            environment: environment,
            flags: flags
        )
    }

    /// Parses a configuration and checks it as a whole.
    ///
    /// Nothing outside the arguments is looked at: whether files exist, and what they hold, is for
    /// the plan to find out.
    ///
    /// - Parameters:
    ///   - contents: the bytes of the file, UTF-8, at most ``maximumBytes``.
    ///   - file: how messages name the file.
    ///   - directory: absolute directory against which relative paths are meant.
    ///   - environment: variables; those of ``SettingsEnvironment/variables`` replace keys of the
    ///     file.
    ///   - flags: values of command-line flags by key path (`output.keepTiles`); they replace
    ///     variables and keys.
    /// - Returns: complete settings: every default is filled in.
    /// - Throws: ``SettingsError`` with every problem.
    package static func parse(
        _ contents: [UInt8],
        file: String,
        directory: String,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(SettingsError) -> RunSettings {
        func refusal(_ code: SettingsError.Code, _ message: String) -> SettingsError {
            SettingsError(
                code,
                file: file,
                problems: [SettingsProblem(at: .file, keyPath: "", message: message)]
            )
        }
        guard contents.count <= maximumBytes else {
            throw refusal(.tooLarge, "has more than \(maximumBytes) bytes: no configuration")
        }
        guard let text = String(validating: contents, as: UTF8.self) else {
            throw refusal(.notText, "is no UTF-8 text")
        }
        let document = try SettingsDocument(text: text, file: file)
        let reader = SettingsReader(
            problems: document.problems,
            overrides: SettingsEnvironment.overrides(environment: environment, flags: flags)
        )
        let settings = reader.root(document.root).flatMap { root in
            RunSettingsReading(reader: reader, directory: directory).run(root)
        }
        guard let settings, reader.problems.isEmpty else {
            throw SettingsError(.invalid, file: file, problems: reader.problems)
        }
        return settings
    }

    /// The patterns of ``KeyTable`` that parsing a configuration asks for.
    ///
    /// A key of the table that no parse asks for would be legal and without effect.
    package static func consultedKeys(_ contents: [UInt8]) throws(SettingsError) -> Set<String> {
        let document = try SettingsDocument(
            text: String(decoding: contents, as: UTF8.self),
            file: "configuration"
        )
        let reader = SettingsReader()
        guard let root = reader.root(document.root) else { return [] }
        _ = RunSettingsReading(reader: reader, directory: "/").run(root)
        return reader.consulted
    }
}

/// Turns the tree of a configuration into settings, noting every problem on the way.
///
/// A part that is faulty becomes nil, and the reading goes on with its neighbours.
struct RunSettingsReading {
    let reader: SettingsReader
    /// Absolute directory against which relative paths are meant.
    let directory: String

    func run(_ root: MappingCursor) -> RunSettings? {
        let name = root.text("name")
        let grid = root.mapping("grid").flatMap { self.grid($0) }
        let tiling = root.mappingOrDefaults("tiling").flatMap { tiling in
            tiling.integer("tileSizePixels").map(TilingSettings.init)
        }
        if let grid, let tiling { checkCounts(grid, tiling) }
        let cursors = root.list("layers") ?? []
        let readings = cursors.map { cursor in
            cursor.mapping().map { LayerReading(reader: reader, directory: directory).layer($0) }
        }
        let catalogue = LayerCatalogue(readings.compactMap { $0 })
        catalogue.check(reader, hasLayers: !cursors.isEmpty)
        let zonesAreGiven = root.mapping("zones")
        let zones = zonesAreGiven.flatMap { self.zones($0) }
        if let zones, let zonesAreGiven {
            checkWithin(zones, zonesAreGiven, catalogue)
        }
        if zonesAreGiven == nil { catalogue.checkWithoutZones(reader) }
        let deficit = root.mappingOrDefaults("deficit").flatMap { deficit in
            DeficitReading(reader: reader, catalogue: catalogue).deficit(deficit)
        }
        let regressionIsGiven = root.mapping("regression")
        let regression = regressionIsGiven.flatMap { regression in
            RegressionReading(
                reader: reader,
                catalogue: catalogue,
                hasZones: zonesAreGiven != nil,
                deficit: deficit
            ).regression(regression)
        }
        let output = root.mappingOrDefaults("output").flatMap { output in
            output.choice("keepTiles", as: KeepTiles.self).map(OutputSettings.init)
        }
        let engine = root.mappingOrDefaults("engine").flatMap { self.engine($0) }
        let layers = readings.compactMap { $0?.layer }.enumerated().map { index, layer in
            defaults(layer, at: "layers[\(index)]", deficit, regression)
        }
        guard let name, let grid, let tiling, let deficit, let output, let engine,
            layers.count == cursors.count,
            checkAggregates(zones, layers, deficit), (zones == nil) == (zonesAreGiven == nil),
            (regression == nil) == (regressionIsGiven == nil)
        else { return nil }
        return RunSettings(
            name: name,
            grid: grid,
            tiling: tiling,
            layers: layers,
            zones: zones,
            deficit: deficit,
            regression: regression,
            output: output,
            engine: engine
        )
    }

    /// A layer with the defaults that follow from its use.
    private func defaults(
        _ layer: LayerSettings,
        at path: String,
        _ deficit: DeficitSettings?,
        _ regression: RegressionSettings?
    ) -> LayerSettings {
        var layer = layer
        let isDenominator = [deficit?.population, deficit?.gdp].contains(layer.name)
        let countsInParts = isDenominator || deficit?.waterLayer == layer.name
        if countsInParts, !reader.isGiven("\(path).minimumValidFraction") {
            // Amounts are summed: those of a coast cell count, too. What is known of a cell tells its water.
            layer.minimumValidFraction = 0
        }
        let isResponse = regression?.response == layer.name
        if isDenominator || isResponse, !reader.isGiven("\(path).resampling") {
            // What is explained or divided by keeps its mass.
            layer.resampling = .nearest
        }
        return layer
    }

    private func grid(_ cursor: MappingCursor) -> GridSettings? {
        let crs = cursor.text("crs")
        if let crs, !Self.isReference(crs) {
            reader.report(
                "grid.crs",
                "\"\(crs)\" is no reference system",
                found: crs,
                legal: GridSettings.referenceAliases.map(\.name) + [
                    "EPSG:n", "a PROJ string such as +proj=aea …", "WKT2",
                ]
            )
        }
        let originX = cursor.number("originX")
        let originY = cursor.number("originY")
        let size = cursor.number("cellSizeMetres")
        let columns = cursor.integer("columns")
        let rows = cursor.integer("rows")
        guard let crs, let originX, let originY, let size, let columns, let rows else { return nil }
        return GridSettings(
            crs: crs,
            originX: originX,
            originY: originY,
            cellSizeMetres: size,
            columns: columns,
            rows: rows
        )
    }

    /// True when a text has the form of a reference; only the raster library knows whether it is one.
    private static func isReference(_ text: String) -> Bool {
        if GridSettings.referenceAliases.contains(where: { $0.name == text }) { return true }
        if text.hasPrefix("+proj=") || text.contains(" +proj=") { return true }
        let upper = text.uppercased()
        if ["PROJCRS[", "PROJCS[", "BOUNDCRS[", "COMPD_CS[", "COMPOUNDCRS["]
            .contains(where: { upper.hasPrefix($0) })
        {
            return true
        }
        let parts = upper.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && ["EPSG", "ESRI", "IGNF"].contains(parts[0]) && !parts[1].isEmpty
            && parts[1].utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
    }

    /// The most cells of a grid.
    static let maximumCells = 1 << 36
    /// The most tiles of a stage.
    static let maximumTiles = 1_000_000

    private func checkCounts(_ grid: GridSettings, _ tiling: TilingSettings) {
        let cells = grid.columns * grid.rows
        if cells > Self.maximumCells {
            reader.report(
                "grid.columns",
                "\(grid.columns) columns of \(grid.rows) rows are \(cells) cells",
                legal: ["at most \(Self.maximumCells)"]
            )
        }
        let size = tiling.tileSizePixels
        let tiles = ((grid.columns + size - 1) / size) * ((grid.rows + size - 1) / size)
        if tiles > Self.maximumTiles {
            reader.report(
                "tiling.tileSizePixels",
                "\(size) cuts the grid into \(tiles) tiles",
                found: "\(size)",
                legal: ["at most \(Self.maximumTiles) tiles"]
            )
        }
    }

    private func zones(_ cursor: MappingCursor) -> ZonesSettings? {
        let path = cursor.text("path")
        let layer = cursor.text("layer")
        let idField = cursor.text("idField")
        let nameField = cursor.text("nameField")
        let outside = cursor.choice("outside", as: OutsidePolicy.self)
        let sources = zoneSources(cursor)
        guard let path, let idField, let outside, var zones = sources else { return nil }
        zones.path = SourcePath(text: path, directory: directory)
        zones.layer = layer
        zones.idField = idField
        zones.nameField = nameField
        zones.outside = outside
        return zones
    }

    private func engine(_ cursor: MappingCursor) -> EngineSettings? {
        let lease = cursor.mappingOrDefaults("lease").flatMap { lease -> LeaseSettings? in
            let heartbeat = lease.number("heartbeatSeconds")
            let duration = lease.number("durationSeconds")
            guard let heartbeat, let duration else { return nil }
            if duration < 2 * heartbeat {
                reader.report(
                    "engine.lease.durationSeconds",
                    "\(KeyType.text(of: duration)) is less than two heartbeats of "
                        + "\(KeyType.text(of: heartbeat))",
                    found: KeyType.text(of: duration),
                    legal: ["at least \(KeyType.text(of: 2 * heartbeat))"]
                )
            }
            return LeaseSettings(heartbeatSeconds: heartbeat, durationSeconds: duration)
        }
        let backoff = cursor.mappingOrDefaults("backoff").flatMap { backoff -> BackoffSettings? in
            let first = backoff.number("firstSeconds")
            let maximum = backoff.number("maximumSeconds")
            guard let first, let maximum else { return nil }
            if maximum < first {
                reader.report(
                    "engine.backoff.maximumSeconds",
                    "\(KeyType.text(of: maximum)) is less than the first pause",
                    found: KeyType.text(of: maximum),
                    legal: ["at least \(KeyType.text(of: first))"]
                )
            }
            return BackoffSettings(firstSeconds: first, maximumSeconds: maximum)
        }
        let attempts = cursor.integer("attempts")
        let speculation = cursor.boolean("speculation")
        let wallLimit = cursor.number("wallLimitSeconds")
        let maximumQuarantined = cursor.integer("maximumQuarantined")
        guard let lease, let backoff, let attempts, let speculation, let wallLimit else {
            return nil
        }
        return EngineSettings(
            lease: lease,
            attempts: attempts,
            backoff: backoff,
            speculation: speculation,
            wallLimitSeconds: wallLimit,
            maximumQuarantined: maximumQuarantined
        )
    }
}
