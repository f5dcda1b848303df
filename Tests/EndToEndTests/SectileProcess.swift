import Foundation
import Synchronization

/// The program under test, as its users run it.
enum Program {
    /// Path of the binary; nil when it was not built.
    ///
    /// `scripts/test` names it; otherwise it lies beside the test bundle.
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["SECTILE_BINARY"]
        let beside = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("sectile").path
        return [named, beside].compactMap(\.self)
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// The repository.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The evaluation data; nil when they are absent.
    static let evaluationData: URL? = {
        let place = repository.deletingLastPathComponent()
            .appendingPathComponent("shared/data/china")
        return FileManager.default.fileExists(atPath: place.path) ? place : nil
    }()
}

/// How a process ended, and what it said.
struct Finished: Sendable {
    let exitCode: Int32
    let output: String
    let errors: String
}

/// A running process whose output is kept.
final class SectileProcess: Sendable {
    private struct State {
        var output = Data()
        var errors = Data()
    }

    private nonisolated(unsafe) let process = Process()
    private let state = Mutex(State())
    private let ended: AsyncStream<Void>

    /// Starts the program with arguments.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        guard let path = Program.path else { throw CocoaError(.fileNoSuchFile) }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        ended = stream
        let outputPipe = Pipe()
        let errorPipe = Pipe()
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        process.standardInput = FileHandle.nullDevice
        let open = Mutex(3)
        let finish: @Sendable () -> Void = {
            let isLast = open.withLock { count in
                count -= 1
                return count == 0
            }
            if isLast { continuation.finish() }
        }
        outputPipe.fileHandleForReading.readabilityHandler = { [state] handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                finish()
            } else {
                state.withLock { $0.output.append(data) }
            }
        }
        errorPipe.fileHandleForReading.readabilityHandler = { [state] handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                finish()
            } else {
                state.withLock { $0.errors.append(data) }
            }
        }
        process.terminationHandler = { _ in finish() }
        try process.run()
    }

    /// The process number.
    var identifier: Int32 { process.processIdentifier }

    /// True until the process has ended.
    var isRunning: Bool { process.isRunning }

    /// What it has said on standard error so far.
    var errorsSoFar: String {
        state.withLock { String(decoding: $0.errors, as: UTF8.self) }
    }

    /// Sends a signal.
    func signal(_ number: Int32) {
        kill(identifier, number)
    }

    /// Waits for the end.
    func finished() async -> Finished {
        for await _ in ended {}
        process.waitUntilExit()
        let code =
            process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
        return state.withLock { state in
            Finished(
                exitCode: code,
                output: String(decoding: state.output, as: UTF8.self),
                errors: String(decoding: state.errors, as: UTF8.self)
            )
        }
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) async throws -> Finished {
        try await SectileProcess(arguments, environment: environment).finished()
    }

    /// The worker processes that this process has started, by number.
    var children: [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { candidate in
            guard let text = try? String(contentsOfFile: "/proc/\(candidate)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { return false }
            let fields = text[text.index(after: end)...].split(separator: " ")
            return fields.count > 1 && Int32(fields[1]) == identifier
        }.sorted()
    }
}

/// A directory that is removed when the test is over.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
