import Foundation

/// How a process ended, and what it said.
struct Finished: Sendable {
    /// The exit code; 128 and the signal's number after a signal.
    let exitCode: Int32
    /// Standard output.
    let output: String
    /// Standard error.
    let errors: String

    /// The lines of standard error that are neither warnings nor progress.
    var complaints: [String] {
        errors.split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix("error: ") || line.hasPrefix("Error: ")
        }
    }
}

/// A running process whose output is kept.
///
/// It is killed when nobody holds it any more, or when the task that waits for it is cancelled.
final class SectileProcess: Sendable {
    private let process = Process()
    private let ended: AsyncStream<Void>
    // Files, not pipes: a pipe ends with the last process that inherited it, and a full one blocks.
    private let scratch: ScratchDirectory
    private let outputPath: String
    private let errorPath: String

    /// Starts the program with arguments.
    convenience init(_ arguments: [String], environment: [String: String] = [:]) throws {
        guard let path = Program.path else { throw CocoaError(.fileNoSuchFile) }
        try self.init(executable: path, arguments, environment: environment)
    }

    /// Starts any program.
    init(executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = Program.environment.merging(environment) { $1 }
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        ended = stream
        scratch = try ScratchDirectory()
        outputPath = try scratch.write("", to: "output")
        errorPath = try scratch.write("", to: "errors")
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        try output.close()
        try errors.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private static func text(at path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The process number.
    var identifier: Int32 { process.processIdentifier }

    /// True until the process has ended.
    var isRunning: Bool { process.isRunning }

    /// What it has said on standard output so far.
    var outputSoFar: String { Self.text(at: outputPath) }

    /// What it has said on standard error so far.
    var errorsSoFar: String { Self.text(at: errorPath) }

    /// Sends a signal.
    func signal(_ number: Int32) {
        kill(identifier, number)
    }

    /// Waits for the end.
    func finished() async -> Finished {
        let identifier = identifier
        await withTaskCancellationHandler {
            for await _ in ended {}
        } onCancel: {
            kill(identifier, SIGKILL)
        }
        process.waitUntilExit()
        let code =
            process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
        return Finished(
            exitCode: code,
            output: Self.text(at: outputPath),
            errors: errorsSoFar
        )
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:]
    ) async throws -> Finished {
        try await SectileProcess(arguments, environment: environment).finished()
    }

    /// The living processes that this process has started, by number.
    var children: [Int32] { Self.children(of: identifier) }

    /// The living processes that a process has started, by number.
    static func children(of parent: Int32) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { candidate in
            let fields = statusFields(of: candidate)
            return fields.count > 1 && fields[0] != "Z" && Int32(fields[1]) == parent
        }.sorted()
    }

    /// True when a process is there and has not ended.
    static func isAlive(_ identifier: Int32) -> Bool {
        let fields = statusFields(of: identifier)
        return !fields.isEmpty && fields[0] != "Z"
    }

    /// State, parent and what follows in `/proc/N/stat`.
    private static func statusFields(of identifier: Int32) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
