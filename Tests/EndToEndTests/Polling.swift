import Foundation

/// Something that a process of the test did not do in time.
struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}

/// Waits until other processes have brought something about.
///
/// - Throws: `NeverHappened` when `while` no longer holds or a minute has passed.
func wait(
    for what: String,
    while isPossible: () -> Bool = { true },
    until condition: () throws -> Bool
) async throws {
    for _ in 0..<2000 {
        if try condition() { return }
        guard isPossible() else { break }
        try await Task.sleep(for: .milliseconds(30))
    }
    guard try !condition() else { return }
    throw NeverHappened(description: "waited in vain for \(what)")
}

/// Waits until workers can join the run of a directory.
///
/// - Throws: `NeverHappened` when its coordinator ends before.
func waitForJoin(_ directory: String, of coordinator: SectileProcess) async throws {
    try await wait(for: "join.json", while: { coordinator.isRunning }) {
        FileManager.default.fileExists(atPath: "\(directory)/join.json")
    }
}
