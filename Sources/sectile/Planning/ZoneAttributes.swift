import RasterIO
import Settings

/// What is known of the zones beside their shapes: the fields of their file, and a table joined by
/// their identifiers.
struct ZoneAttributes {
    /// Identifiers of the zones, in order.
    let identifiers: [String]
    private let fieldNames: [String]
    private let fields: [[String?]]
    private let table: Table?
    /// Row of the table for each zone; nil where it has none.
    private let rows: [Int?]
    /// What did not match, a sentence each.
    let warnings: [String]

    /// Joins the attributes of zones.
    ///
    /// Codes are texts on both sides: `010203` and `10203` differ. White space around them does not count.
    ///
    /// - Throws: `RasterError` naming the column, or a code that occurs twice.
    init(_ features: [PolygonFeature], fieldNames: [String], table: ZoneAttributesSettings?) throws
    {
        identifiers = features.map(\.id)
        self.fieldNames = fieldNames
        fields = features.map(\.attributes)
        guard let table else {
            self.table = nil
            rows = features.map { _ in nil }
            warnings = []
            return
        }
        let read = try TableReader.read(table.path.resolved, encoding: table.encoding)
        var rowsByCode: [String: Int] = [:]
        for (row, code) in try read.texts(table.key).enumerated() {
            let code = Self.trimmed(code ?? "")
            guard !code.isEmpty else { continue }
            if let earlier = rowsByCode.updateValue(row, forKey: code) {
                throw RasterError(
                    .invalidValue,
                    path: table.path.resolved,
                    detail:
                        "rows \(earlier + 1) and \(row + 1) have the same \(table.key) '\(code)'"
                )
            }
        }
        self.table = read
        rows = features.map { rowsByCode[Self.trimmed($0.id)] }
        warnings = Self.unmatched(features, rowsByCode, table)
    }

    /// The numbers of an attribute, one for each zone; nil where it is not known.
    ///
    /// The table comes before the fields of the zones' file.
    ///
    /// - Throws: `RasterError` naming the attributes that exist, or a text that is no number.
    func numbers(_ name: String) throws -> [Double?] {
        if let table, table.columnNames.contains(name) {
            let numbers = try table.numbers(name)
            return rows.map { row in row.flatMap { numbers[$0] } }
        }
        guard let index = fieldNames.firstIndex(of: name) else {
            let legal = (table?.columnNames ?? []) + fieldNames
            throw InputError(
                "there is no attribute '\(name)'; there are \(legal.joined(separator: ", "))"
            )
        }
        return try zip(identifiers, fields).map { id, attributes in
            guard let text = attributes[index].map(Self.trimmed),
                !Table.missingTexts.contains(text.lowercased())
            else { return nil }
            guard let number = Double(text), number.isFinite else {
                throw InputError("zone '\(id)': '\(text)' in '\(name)' is no number")
            }
            return number
        }
    }

    private static func unmatched(
        _ features: [PolygonFeature],
        _ rowsByCode: [String: Int],
        _ table: ZoneAttributesSettings
    ) -> [String] {
        let zonesWithout = features.filter { rowsByCode[trimmed($0.id)] == nil }
        let known = Set(features.map { trimmed($0.id) })
        let codesWithout = rowsByCode.filter { !known.contains($0.key) }.sorted {
            $0.value < $1.value
        }
        var warnings: [String] = []
        if !zonesWithout.isEmpty {
            warnings.append(
                "zones.attributes: \(zonesWithout.count) of \(features.count) zones have no row in "
                    + "\(table.path.resolved): "
                    + listed(zonesWithout.map { $0.name == $0.id ? $0.id : "\($0.id) \($0.name)" })
            )
        }
        if !codesWithout.isEmpty {
            warnings.append(
                "zones.attributes: \(codesWithout.count) codes of \(table.path.resolved) are no "
                    + "zone: \(listed(codesWithout.map(\.key)))"
            )
        }
        return warnings
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(40).joined(separator: ", ")
            + (names.count > 40 ? " and \(names.count - 40) more" : "")
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
