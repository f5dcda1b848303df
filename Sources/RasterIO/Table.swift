/// Rows of named columns, as a table file gives them.
package struct Table: Sendable {
    /// A column's values; nil is missing.
    package enum Column: Sendable, Equatable {
        /// Texts, as written.
        case text(PackedTexts)
        /// Numbers of a typed file.
        case number([Double?])
    }

    /// Where it came from, for errors.
    package let path: String
    /// The columns' names, in the file's order.
    package let columnNames: [String]
    /// Number of rows.
    package let rowCount: Int
    /// The points of a layer of points, nil for other layers and tables.
    package let points: [(x: Double, y: Double)]?
    private let columns: [Column]

    /// A table from its columns, all of `rowCount` values.
    package init(
        path: String,
        columnNames: [String],
        columns: [Column],
        rowCount: Int,
        points: [(x: Double, y: Double)]? = nil
    ) {
        precondition(columnNames.count == columns.count, "as many names as columns")
        self.path = path
        self.columnNames = columnNames
        self.columns = columns
        self.rowCount = rowCount
        self.points = points
    }

    /// Texts that stand for a missing value in a column of numbers, in lower case.
    package static let missingTexts: Set<String> = ["", "na", "n/a", "nan", "null", "none", "-"]

    /// The texts of a column; nil is missing.
    ///
    /// A whole number of a typed file has no decimal point.
    ///
    /// - Throws: ``RasterError/Code/noSuchField`` naming the columns that exist.
    package func texts(_ name: String) throws(RasterError) -> [String?] {
        switch try column(name) {
        case .text(let texts): texts.all
        case .number(let numbers):
            numbers.map { number in
                number.map { value in Int(exactly: value).map { "\($0)" } ?? "\(value)" }
            }
        }
    }

    /// The numbers of a column; nil is missing: null, or a text of ``missingTexts``.
    ///
    /// - Throws: ``RasterError`` naming the columns that exist, or the first row (from 1, without
    ///   the header) whose text is no number.
    package func numbers(_ name: String) throws(RasterError) -> [Double?] {
        switch try column(name) {
        case .number(let numbers):
            return numbers.map { $0.flatMap { $0.isNaN ? nil : $0 } }
        case .text(let texts):
            var numbers: [Double?] = []
            numbers.reserveCapacity(texts.count)
            try texts.forEach { text throws(RasterError) in
                numbers.append(try number(text, column: name, row: numbers.count))
            }
            return numbers
        }
    }

    private func number(
        _ text: String?,
        column: String,
        row: Int
    ) throws(RasterError) -> Double? {
        guard let text else { return nil }
        var trimmed = text[...]
        while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        if Self.missingTexts.contains(trimmed.lowercased()) { return nil }
        guard let number = Double(trimmed), number.isFinite else {
            throw RasterError(
                .invalidValue,
                path: path,
                detail: "column '\(column)', row \(row + 1): '\(text)' is no number"
            )
        }
        return number
    }

    private func column(_ name: String) throws(RasterError) -> Column {
        guard let index = columnNames.firstIndex(of: name) else {
            throw RasterError(
                .noSuchField,
                path: path,
                detail: "there is no column '\(name)'; the table has "
                    + columnNames.joined(separator: ", ")
            )
        }
        return columns[index]
    }
}
