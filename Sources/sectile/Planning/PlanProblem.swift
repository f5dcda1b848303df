import Settings

/// Something about the inputs that keeps a run from starting.
struct PlanProblem: Hashable {
    /// The configuration's key, such as `layers[1].path`.
    let key: String
    /// What was found, and what is legal.
    let message: String

    var text: String { "\(key): \(message)" }
}

/// All problems of a plan, reported together.
struct PlanError: Error, CustomStringConvertible {
    /// The configuration file.
    let file: String
    /// The problems in the order of the file.
    let problems: [PlanProblem]

    var description: String {
        problems.map { "\(file): \($0.text)" }.joined(separator: "\n")
    }

    /// The problems with the lines of their keys, in the order of the file.
    func text(_ places: SettingsPlaces) -> String {
        SettingsError(
            .invalid,
            file: file,
            problems: problems.map { problem in
                SettingsProblem(
                    at: places.location(of: problem.key),
                    keyPath: problem.key,
                    message: problem.message
                )
            }
        ).description
    }
}

/// What is wrong with an input file, in one sentence that names it.
struct InputError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
