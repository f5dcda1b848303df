import Lattice
import RasterIO
import Regression

/// A table as the command line names it: where points lie, what is explained, and by what.
struct RegressionInput {
    /// The observations.
    let table: RegressionTable
    /// Labels of the rows, if a column of labels was named.
    let labels: [String?]?
    /// Coordinate reference system of a layer, nil where the file has none.
    let reference: CoordinateReference?
    /// Rows that cannot take part, from 1, ascending, and what is missing in the first of them.
    let incompleteRows: [Int]
    /// Per column that misses values: its name and how many rows.
    let gaps: [(column: String, count: Int)]

    /// What is to be read.
    struct Columns {
        /// Column of abscissae or longitudes; nil takes the layer's points.
        var x: String?
        /// Column of ordinates or latitudes; nil takes the layer's points.
        var y: String?
        /// The response.
        var response: String
        /// The predictors.
        var predictors: [String]
        /// A column of labels that is copied to the results.
        var label: String?
        /// The layer, where a file has several.
        var layer: String?
        /// Encoding of a Shapefile's attributes.
        var encoding: String?
    }

    /// Reads a table.
    ///
    /// - Throws: `CommandError` naming what was found and what exists.
    init(path: String, columns: Columns) throws {
        do {
            let file = try TableReader.read(
                path,
                layer: columns.layer,
                encoding: columns.encoding
            )
            guard file.rowCount > 0 else {
                throw CommandError.usage("\(path): the table has no rows")
            }
            let (x, y) = try Self.coordinates(of: file, columns.x, columns.y)
            let response = ColumnExpression(columns.response, columnNames: file.columnNames)
            let predictors = columns.predictors.map {
                ColumnExpression($0, columnNames: file.columnNames)
            }
            table = try RegressionTable(
                x: x,
                y: y,
                responseName: response.name,
                response: try response.values(in: file),
                predictorNames: predictors.map(\.name),
                predictors: try predictors.map { try $0.values(in: file) }
            )
            labels = try columns.label.map { try file.texts($0) }
            reference = try VectorSource(
                path: path,
                layer: columns.layer,
                encoding: columns.encoding
            ).reference
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError.usage("\(error)")
        }
        let named =
            [("x", table.x), ("y", table.y), (table.responseName, table.response)]
            + zip(table.predictorNames, table.predictors).map { ($0, $1) }
        gaps = named.compactMap { name, values in
            let count = values.count { !$0.isFinite }
            return count == 0 ? nil : (name, count)
        }
        incompleteRows = (0..<table.rowCount).filter { row in
            named.contains { !$0.1[row].isFinite }
        }.map { $0 + 1 }
        if table.predictorNames.contains(table.responseName) {
            throw CommandError.usage(
                "'\(table.responseName)' is the response and a predictor: it would explain itself"
            )
        }
        if table.predictorNames.contains("intercept") {
            throw CommandError.usage(
                "a predictor is called 'intercept', which the model adds itself; rename or omit it"
            )
        }
    }

    /// The sentence about rows that were left out; nil when there are none.
    var warning: String? {
        guard !incompleteRows.isEmpty else { return nil }
        let first = incompleteRows.prefix(5).map(String.init).joined(separator: ", ")
        let causes = gaps.map { "\($0.column) in \($0.count)" }.joined(separator: ", ")
        return "\(incompleteRows.count) of \(table.rowCount) rows are left out, the first of them "
            + "\(first) (counted from 1 without the header); missing: \(causes)"
    }

    /// Coordinates from two columns, or from a layer of points.
    static func coordinates(
        of file: Table,
        _ x: String?,
        _ y: String?
    ) throws -> (x: [Double], y: [Double]) {
        if let x, let y {
            return (
                try file.numbers(x).map { $0 ?? .nan }, try file.numbers(y).map { $0 ?? .nan }
            )
        }
        guard x == nil, y == nil else {
            throw CommandError.usage("--x and --y are given together or not at all")
        }
        guard let points = file.points else {
            throw CommandError.usage(
                "\(file.path) is no layer of points: name the columns of the coordinates with --x "
                    + "and --y; it has \(file.columnNames.joined(separator: ", "))"
            )
        }
        return (points.map(\.x), points.map(\.y))
    }
}
