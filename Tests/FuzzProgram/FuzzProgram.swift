import CFuzzer
import Foundation
import FuzzKit

/// libFuzzer around ``FuzzCase``; built by `scripts/fuzz` only, with the sanitiser's coverage.
///
/// `fuzz --corpus DIR` writes the seed corpus; anything else goes to libFuzzer.
@main
struct FuzzProgram {
    /// Messages and files of all cases; libFuzzer runs them in one thread.
    nonisolated(unsafe) private static var decodedCount = 0

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "--corpus" {
            try writeCorpus(to: URL(fileURLWithPath: arguments[2]))
            return
        }
        // The driver ends the process itself.
        atexit {
            let line = unsafe "messages and files: \(FuzzProgram.decodedCount)\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
        var count = CommandLine.argc
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
            unsafe CommandLine.unsafeArgv
        let status = unsafe LLVMFuzzerRunDriver(&count, &pointer) { data, size in
            let fuzz = unsafe FuzzCase(Array(UnsafeBufferPointer(start: data, count: size)))
            unsafe FuzzProgram.decodedCount += fuzz.decodedCount
            guard fuzz.violations.isEmpty else {
                // An optimised build leaves the text of a failed precondition out.
                let text = "violated: \(fuzz.violations.joined(separator: "\n"))\n"
                FileHandle.standardError.write(Data(text.utf8))
                abort()
            }
            return 0
        }
        exit(status)
    }

    private static func writeCorpus(to directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (number, bytes) in FuzzCorpus.cases(seed: 1, conversations: 300).enumerated() {
            try Data(bytes).write(to: directory.appendingPathComponent("seed-\(number)"))
        }
    }
}
