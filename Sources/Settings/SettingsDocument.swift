import Yams

/// The text of a configuration as a tree in which every value knows its place.
struct SettingsDocument {
    /// The mapping at the root.
    let root: Node
    /// Keys that occur twice: found while the tree was built.
    let problems: [SettingsProblem]

    /// First character of a key that was set aside because it occurs twice.
    ///
    /// The parser stops at the first repeated key. Its first occurrence is therefore overwritten with
    /// as many private-use characters, so that all places stay where they are, and read again.
    static let setAside: ClosedRange<Unicode.Scalar> = "\u{E000}"..."\u{E0FF}"

    /// The most repeated keys that are told one by one.
    private static let maximumSetAside = 0x100

    /// Parses a text; throws the problems when it is no YAML mapping.
    init(text: String, file: String) throws(SettingsError) {
        var lines: [[Unicode.Scalar]]?
        var current = text
        var problems: [SettingsProblem] = []
        while true {
            do {
                guard let node = try Yams.Parser(yaml: current, encoding: .utf8).singleRoot() else {
                    throw SettingsError(
                        .syntax,
                        file: file,
                        problems: problems + [.init(at: .file, keyPath: "", message: "is empty")]
                    )
                }
                root = node
                self.problems = problems
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let name = names.min() ?? ""
                problems.append(
                    SettingsProblem(
                        at: SettingsLocation(line: context.mark.line, column: context.mark.column),
                        keyPath: "",
                        message: "key \"\(name)\" occurs more than once in this mapping",
                        found: name
                    )
                )
                var cells = lines ?? Self.scalars(of: current)
                guard
                    problems.count <= Self.maximumSetAside,
                    Self.overwrite(
                        name,
                        at: context.mark,
                        with: UInt32(0xE000 + problems.count - 1),
                        in: &cells
                    )
                else { throw SettingsError(.invalid, file: file, problems: problems) }
                lines = cells
                current = Self.text(of: cells)
            } catch let error as SettingsError {
                throw error
            } catch {
                throw SettingsError(
                    .syntax,
                    file: file,
                    problems: problems + [Self.problem(of: error)]
                )
            }
        }
    }

    private static func problem(of error: any Error) -> SettingsProblem {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let where_ = context.map { " (\($0.text) that begins at line \($0.mark.line))" } ?? ""
            return SettingsProblem(
                at: SettingsLocation(line: mark.line, column: mark.column),
                keyPath: "",
                message: "no YAML: \(problem)\(where_)"
            )
        case YamlError.reader(let problem, _, _, _):
            return SettingsProblem(at: .file, keyPath: "", message: "no YAML: \(problem)")
        default:
            return SettingsProblem(at: .file, keyPath: "", message: "no YAML: \(error)")
        }
    }

    private static func scalars(of text: String) -> [[Unicode.Scalar]] {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    private static func text(of lines: [[Unicode.Scalar]]) -> String {
        var text = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { text.append("\n") }
            text.append(contentsOf: line)
        }
        return String(text)
    }

    /// False when the key does not stand at the mark as it reads, say because it is escaped.
    private static func overwrite(
        _ name: String,
        at mark: Mark,
        with code: UInt32,
        in lines: inout [[Unicode.Scalar]]
    ) -> Bool {
        let name = Array(name.unicodeScalars)
        guard !name.isEmpty, lines.indices.contains(mark.line - 1),
            let replacement = Unicode.Scalar(code)
        else { return false }
        var start = mark.column - 1
        let line = lines[mark.line - 1]
        if line.indices.contains(start), line[start] == "\"" || line[start] == "'" { start += 1 }
        let range = start..<(start + name.count)
        guard start >= 0, range.upperBound <= line.count, Array(line[range]) == name else {
            return false
        }
        for index in range { lines[mark.line - 1][index] = replacement }
        return true
    }
}
