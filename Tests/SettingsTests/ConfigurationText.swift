import Settings
import Testing

/// Small configurations for tests, and the shortest ways to read them.
enum ConfigurationText {
    /// The smallest legal configuration.
    static let minimal = """
        name: small
        grid:
          crs: china-albers
          originX: 0
          originY: 0
          cellSizeMetres: 1000
          columns: 20
          rows: 10
        layers:
          - name: emission
            role: emission
            path: emission.tif
            quantity: total
            unit: tC/yr
          - name: sink
            role: sink
            sink: npp
            path: sink.tif
            quantity: density
            unit: kgC/m2/yr
        """

    /// A covariate layer to append to the layers of ``minimal``.
    static let covariate = """

          - name: height
            role: covariate
            path: height.tif
            quantity: intensity
            unit: m
        """

    /// ``minimal`` with a covariate and a regression on it.
    static let regression =
        minimal + covariate + """

            regression:
              covariates: [height]
            """

    /// ``minimal`` with a piece replaced; the piece must be there.
    static func minimal(replacing piece: String, with other: String) -> String {
        replaced(minimal, piece, other)
    }

    /// A text with a piece replaced; the piece must be there.
    static func replaced(_ text: String, _ piece: String, _ other: String) -> String {
        precondition(text.contains(piece), "the piece to replace is there")
        guard let range = text.firstRange(of: piece) else { return text }
        return text.replacingCharacters(in: range, with: other)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}

/// Parses a text as `/runs/china.yaml`, named `china.yaml` in messages.
func parse(
    _ text: String,
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) throws -> RunSettings {
    try RunSettings.parse(
        Array(text.utf8),
        file: "china.yaml",
        directory: "/runs",
        environment: environment,
        flags: flags
    )
}

/// The problems of a text, one line each; none when it is legal.
func problems(
    _ text: String,
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) -> [String] {
    do {
        _ = try parse(text, environment: environment, flags: flags)
        return []
    } catch let error as SettingsError {
        return error.description.split(separator: "\n").map(String.init)
    } catch {
        return ["\(error)"]
    }
}

/// Expects that a text has exactly one problem, which begins and goes on as said.
func expectProblem(
    in text: String,
    at place: String,
    saying words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let lines = problems(text)
    #expect(lines.count == 1, "\(lines)", sourceLocation: sourceLocation)
    guard let line = lines.first else { return }
    #expect(line.hasPrefix("china.yaml:\(place): "), "\(line)", sourceLocation: sourceLocation)
    for word in words {
        #expect(line.contains(word), "\(line)", sourceLocation: sourceLocation)
    }
}
