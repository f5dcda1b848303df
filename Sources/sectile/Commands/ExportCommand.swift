import Analysis
import ArgumentParser
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import RunStore
import Tiling

/// The command `sectile export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the observations that a regression of cells is fitted to.",
        discussion: """
            A CSV in canonical order (rows of the grid from the north, in each from the west): x and y of \
            the cell's centre in metres of the grid's projection, the response, then the transformed \
            covariates, each number with the digits that give it back to the last bit. With the bandwidth of \
            tables/model.json, `sectile regress` and mgwr fit the same models to it. Of a run that ended \
            incomplete, the observations of the tiles that have a result are written, and the exit code is 3.
            """
    )

    @Argument(help: "The run directory.")
    var directory: String
    @Option(help: "The CSV file to write.")
    var observations: String
    @Option(
        help: "Only these cells: first column, first row, number of columns, number of rows."
    )
    var window: String?
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?

    func run() throws {
        do { try GDALRuntime.start(cacheBytes: 64 << 20) } catch {
            throw CommandError.failed("\(error)")
        }
        let path = URL(fileURLWithPath: directory).standardizedFileURL.path
        let reader = try RunReading.reader(path, journal: journal)
        let model = try RunModel(encoded: try reader.plan().specification)
        guard let regression = model.cellRegression else {
            throw CommandError.usage("\(directory) has no regression of cells: nothing was fitted")
        }
        let objects = Dictionary(
            uniqueKeysWithValues: try reader.results(stage: .balance, round: 0).map {
                ($0.lease.unit.tile, $0.object)
            }
        )
        let snapshot = try reader.snapshot()
        guard !snapshot.removedStages.contains(.balance) else {
            throw CommandError.usage(
                "\(path): its tiles were removed when it was done (output.keepTiles: none), and the "
                    + "observations with them; run it again with output.keepTiles: all"
            )
        }
        let prepare = try reader.constants()[.prepare].map {
            try ModelCoding.decode(PrepareConstants.self, from: $0)
        }
        let export = ObservationExport(
            directory: path,
            model: model,
            regression: regression,
            responseName: regression.responseName(in: model, prepare),
            tiles: try reader.plan().plan(of: .balance)?.tiles ?? [],
            objects: objects
        )
        let missing = export.missingTiles
        guard missing.isEmpty || snapshot.phase == .incomplete else {
            throw CommandError.failed(
                "\(missing.count) tiles have no observations yet, the first is \(missing[0]); "
                    + "finish the run first"
            )
        }
        let count = try export.write(to: observations, window: try cells(of: model.grid))
        print("\(count) observations in \(observations)")
        guard missing.isEmpty else {
            let names = missing.prefix(10).map { "\($0)" }.joined(separator: ", ")
            let more = missing.count > 10 ? " and \(missing.count - 10) more" : ""
            throw CommandError(
                exitCode: ExitCode.incomplete,
                description: "the run is incomplete: no observations of the tiles \(names)\(more)"
            )
        }
    }

    private func cells(of grid: Grid) throws -> CellWindow {
        guard let window else { return grid.window }
        let numbers = window.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        let legal = "column,row,columns,rows within \(grid.columns) columns and \(grid.rows) rows"
        guard numbers.count == 4, let column = numbers[0], let row = numbers[1],
            let columns = numbers[2], let rows = numbers[3], columns > 0, rows > 0, column >= 0,
            row >= 0, columns <= grid.columns, rows <= grid.rows,
            case let asked = CellWindow(
                rows: row..<(row + rows),
                columns: column..<(column + columns)
            ), grid.window.contains(asked)
        else { throw CommandError.usage("--window: '\(window)'; legal: \(legal)") }
        return asked
    }
}

/// Writes observations from the committed balance tiles.
struct ObservationExport {
    /// The run directory.
    let directory: String
    /// What was computed.
    let model: RunModel
    /// The regression of cells.
    let regression: RegressionModel
    /// Name of the response's column.
    let responseName: String
    /// The tiles of the balance stage, in row-major order.
    let tiles: [Tile]
    /// Their committed objects.
    let objects: [TileID: TileObject]

    /// The tiles without a result.
    var missingTiles: [TileID] { tiles.map(\.id).filter { objects[$0] == nil } }

    /// Writes the observations of a window; one row of tiles is in memory at a time.
    ///
    /// - Returns: their number.
    func write(to path: String, window: CellWindow) throws -> Int {
        let partial = path + ".partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let file = FileHandle(forWritingAtPath: partial)
        else {
            throw CommandError.usage(
                "--observations: cannot write \(path); is its directory there, and may you write in it?"
            )
        }
        defer { try? FileManager.default.removeItem(atPath: partial) }
        let names = regression.covariates.map(\.name)
        let header = (["x", "y", responseName] + names).joined(separator: ",")
        try file.write(contentsOf: Data((header + "\n").utf8))
        var count = 0
        for row in Set(tiles.map(\.id.row)).sorted() {
            let lines = try lines(ofTileRow: row, window: window)
            count += lines.count
            try file.write(contentsOf: Data(lines.joined().utf8))
        }
        try file.close()
        guard unsafe rename(partial, path) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError.usage("--observations: cannot write \(path): \(reason)")
        }
        return count
    }

    private func lines(ofTileRow row: Int, window: CellWindow) throws -> [String] {
        let bands = BalanceBands(model: model)
        let wanted: [BalanceBands.Content] =
            [.participation, .response] + regression.covariates.indices.map { .predictor($0) }
        let numbers = wanted.compactMap { bands.index(of: $0).map { $0 + 1 } }
        var found: [(row: Int, column: Int, text: String)] = []
        for tile in tiles where tile.id.row == row {
            guard let object = objects[tile.id], let common = tile.core.intersection(window) else {
                continue
            }
            let contents = try TileReader.read(
                "\(directory)/tiles/\(object.key)",
                bands: numbers,
                window: common
            )
            for cellRow in common.rows {
                for column in common.columns {
                    let index = common.index(row: cellRow, column: column)
                    guard
                        contents.blocks[0].samples[index] == Float(ObservationBlock.observation)
                    else { continue }
                    let place = model.grid.world(
                        column: Double(column) + 0.5,
                        row: Double(cellRow) + 0.5
                    )
                    let values =
                        [place.x, place.y]
                        + contents.blocks.dropFirst().map { Double($0.samples[index]) }
                    // The shortest text that gives the number back: at most 17 digits.
                    let text = values.map(\.description).joined(separator: ",") + "\n"
                    found.append((cellRow, column, text))
                }
            }
        }
        return found.sorted { ($0.row, $0.column) < ($1.row, $1.column) }.map(\.text)
    }
}
