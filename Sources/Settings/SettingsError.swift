/// Why a configuration was refused: every problem of the file at once.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    package enum Code: String, Hashable, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file is larger than ``RunSettings/maximumBytes``.
        case tooLarge
        /// The bytes are no UTF-8 text.
        case notText
        /// The text is no YAML.
        case syntax
        /// Keys or values are missing, unknown, or contradict each other.
        case invalid
        /// A flag or a variable of the environment has no legal value.
        case option
    }

    /// What kind of refusal it is.
    package let code: Code
    /// The configuration file as the user named it.
    package let file: String
    /// The problems in the order of the file; never empty.
    package let problems: [SettingsProblem]

    /// A refusal for `problems`, which are put into the order of the file.
    package init(_ code: Code, file: String, problems: [SettingsProblem]) {
        self.code = code
        self.file = file
        self.problems = problems.sorted { left, right in
            (left.line, left.column, left.keyPath) < (right.line, right.column, right.keyPath)
        }
    }

    /// One line for each problem.
    package var description: String {
        problems.map { $0.text(file: file) }.joined(separator: "\n")
    }
}

/// One thing wrong with a configuration, and what would be right.
package struct SettingsProblem: Hashable, Sendable, Codable {
    /// Line of the value or key, from 1; 0 when it is not about a place in the file.
    package var line: Int
    /// Column in characters, from 1; 0 when it is not about a place in the file.
    package var column: Int
    /// The flag or environment variable the value came from; nil when it came from the file.
    package var origin: String?
    /// The key, like `layers[1].unit`; empty when the whole file is meant.
    package var keyPath: String
    /// What is wrong, with what was found.
    package var message: String
    /// The offending text as written; nil when something is missing.
    package var found: String?
    /// What is legal; empty when the message says it all.
    package var legal: [String]

    /// A problem at a place.
    package init(
        at location: SettingsLocation,
        keyPath: String,
        message: String,
        found: String? = nil,
        legal: [String] = []
    ) {
        line = location.line
        column = location.column
        origin = location.origin
        self.keyPath = keyPath
        self.message = message
        self.found = found
        self.legal = legal
    }

    /// `china.yaml:12:5: layers[1].unit: "tC/y" is no unit; legal: …`.
    package func text(file: String) -> String {
        var parts = [origin ?? (line == 0 ? file : "\(file):\(line):\(column)")]
        if !keyPath.isEmpty { parts.append(keyPath) }
        parts.append(message)
        let text = parts.filter { !$0.isEmpty }.joined(separator: ": ")
        return legal.isEmpty ? text : "\(text); legal: \(legal.joined(separator: ", "))"
    }
}

/// Where a value was written.
package struct SettingsLocation: Hashable, Sendable {
    /// Line, from 1; 0 outside the file.
    package var line: Int
    /// Column in characters, from 1; 0 outside the file.
    package var column: Int
    /// The flag or environment variable that gave the value.
    package var origin: String?

    /// A place in the file.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
        origin = nil
    }

    /// A flag or an environment variable.
    package init(origin: String) {
        line = 0
        column = 0
        self.origin = origin
    }

    /// The file as a whole.
    package static let file = SettingsLocation(line: 0, column: 0)
}
