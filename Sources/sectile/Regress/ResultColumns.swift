import RasterIO

/// Columns of results, written as CSV and as attributes of points.
struct ResultColumns {
    /// Values of a column, one per row.
    enum Values {
        case numbers([Double])
        case integers([Int?])
        case texts([String?])
    }

    /// Names and values, in order.
    private(set) var columns: [(name: String, values: Values)] = []

    /// Appends numbers; NaN is an empty field.
    mutating func add(_ name: String, _ numbers: [Double]) {
        columns.append((name, .numbers(numbers)))
    }

    /// Appends whole numbers; nil is an empty field.
    mutating func add(_ name: String, _ integers: [Int?]) {
        columns.append((name, .integers(integers)))
    }

    /// Appends texts; nil is an empty field.
    mutating func add(_ name: String, _ texts: [String?]) {
        columns.append((name, .texts(texts)))
    }

    /// Number of rows.
    var rowCount: Int {
        switch columns.first?.values {
        case .numbers(let values): values.count
        case .integers(let values): values.count
        case .texts(let values): values.count
        case nil: 0
        }
    }

    /// The table as CSV, piece by piece: a header, then numbers with all their digits.
    func writeCSV(_ write: (String) throws -> Void) rethrows {
        var text = columns.map { Self.escaped($0.name) }.joined(separator: ",") + "\n"
        for row in 0..<rowCount {
            for (index, column) in columns.enumerated() {
                if index > 0 { text += "," }
                switch column.values {
                case .numbers(let values):
                    if values[row].isFinite { text += values[row].description }
                case .integers(let values):
                    if let value = values[row] { text += value.description }
                case .texts(let values):
                    if let value = values[row] { text += Self.escaped(value) }
                }
            }
            text += "\n"
            // The whole of a large table would need more memory than the regression.
            if text.utf8.count >= Self.pieceBytes {
                try write(text)
                text.removeAll(keepingCapacity: true)
            }
        }
        try write(text)
    }

    private static let pieceBytes = 1 << 20

    /// Attributes of a layer; names are made unique without regard to case, as SQL wants it.
    func attributes() -> [AttributeColumn] {
        var taken: Set<String> = ["fid", "geom"]
        return columns.map { name, values in
            var unique = name
            var suffix = 2
            while !taken.insert(unique.lowercased()).inserted {
                unique = "\(name)_\(suffix)"
                suffix += 1
            }
            switch values {
            case .numbers: return AttributeColumn(name: unique, kind: .real)
            case .integers: return AttributeColumn(name: unique, kind: .integer)
            case .texts: return AttributeColumn(name: unique, kind: .text)
            }
        }
    }

    /// The attributes of a row.
    func values(row: Int) -> [AttributeValue] {
        columns.map { _, values in
            switch values {
            case .numbers(let numbers):
                numbers[row].isFinite ? .real(numbers[row]) : .null
            case .integers(let integers): integers[row].map { .integer($0) } ?? .null
            case .texts(let texts): texts[row].map { .text($0) } ?? .null
            }
        }
    }

    private static func escaped(_ field: String) -> String {
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }
}
