import Analysis
import Lattice
import RasterIO

extension CityTable {
    /// The table as CSV after RFC 4180, UTF-8, lines ended by a newline.
    var csv: String {
        var lines = [columns.map { Self.escaped($0.name) }.joined(separator: ",")]
        for row in 0..<rowCount {
            lines.append(
                columns.map { Self.escaped(Self.text(of: $0.values[row])) }.joined(separator: ",")
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The columns' types as GDAL reads them beside a CSV: an identity `010203` stays text.
    var columnTypes: String {
        columns.map { column in
            switch column.kind {
            case .text: "\"String\""
            case .integer: "\"Integer64\""
            case .real: "\"Real\""
            }
        }.joined(separator: ",") + "\n"
    }

    /// The description of the CSV after the W3C's *Metadata Vocabulary for Tabular Data* (2015): what
    /// each column holds and its unit.
    ///
    /// - Throws: an `EncodingError`, never with valid input.
    func metadata(
        title: String,
        statements: RunStatements,
        runID: String
    ) throws -> [UInt8] {
        let described = columns.map { column -> JSONValue in
            var object: [String: JSONValue] = [
                "titles": .text(column.name),
                "dc:description": .text(column.description),
                "datatype": .text(column.kind.schemaType),
            ]
            if !column.unit.isEmpty { object["schema:unitText"] = .text(column.unit) }
            return .object(object)
        }
        let notes =
            statements.warnings + [statements.definitions] + statements.layers
        let document: JSONValue = [
            "@context": "http://www.w3.org/ns/csvw",
            "url": "cities.csv",
            "dc:title": .text(title),
            "dc:identifier": .text(runID),
            "dc:description": .text(notes.joined(separator: ". ")),
            "dialect": ["encoding": "utf-8", "header": .boolean(true)],
            "tableSchema": ["columns": .array(described)],
        ]
        return try document.encoded()
    }

    /// Writes the zones' polygons with the same columns as a GeoPackage; it appears by rename.
    ///
    /// - Throws: `RasterError` when it cannot be written.
    func writeGeoPackage(
        to path: String,
        outlines: ZoneOutlines,
        reference: CoordinateReference,
        timestamp: String
    ) throws {
        try VectorWriter.write(
            to: path,
            layer: "cities",
            reference: reference,
            columns: columns.map { AttributeColumn(name: $0.name, kind: $0.kind) },
            features: outlines.features.enumerated().map { row, feature in
                VectorFeature(
                    geometry: .polygons(feature.parts),
                    values: columns.map { $0.values[row] }
                )
            },
            timestamp: timestamp
        )
    }

    private static func text(of value: AttributeValue) -> String {
        switch value {
        case .text(let text): text
        case .integer(let number): String(number)
        case .real(let number): "\(number)"
        case .null: ""
        }
    }

    /// A field in quotes where it needs them.
    static func escaped(_ field: String) -> String {
        let needsQuotes =
            field.utf8.contains { byte in byte == 44 || byte == 34 || byte == 10 || byte == 13 }
            || field.first == " " || field.last == " "
        guard needsQuotes else { return field }
        var result = "\""
        for scalar in field.unicodeScalars {
            if scalar == "\"" { result.unicodeScalars.append("\"") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}

extension AttributeColumn.Kind {
    fileprivate var schemaType: String {
        switch self {
        case .text: "string"
        case .integer: "integer"
        case .real: "double"
        }
    }
}
