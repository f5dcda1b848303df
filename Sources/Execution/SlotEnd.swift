/// How the process of a slot ended.
package struct SlotEnd: Hashable, Sendable {
    /// What ended it.
    package enum Manner: Hashable, Sendable {
        /// It left with this code.
        case exited(Int32)
        /// A signal.
        case signalled(Int32)
        /// It never began, for this reason.
        case notStarted(String)
    }

    /// What ended it.
    package let manner: Manner
    /// Largest resident memory of its life, bytes; 0 when unknown.
    package let peakResidentBytes: Int
    /// The end of what it wrote to standard error.
    package let lastWords: String
    /// True when the kernel is known to have killed a process for want of memory meanwhile.
    package let isMemoryKill: Bool

    /// An end.
    package init(
        _ manner: Manner,
        peakResidentBytes: Int = 0,
        lastWords: String = "",
        isMemoryKill: Bool = false
    ) {
        self.manner = manner
        self.peakResidentBytes = peakResidentBytes
        self.lastWords = lastWords
        self.isMemoryKill = isMemoryKill
    }

    /// What allocators and runtimes say when there is no memory.
    private static let allocationComplaints = [
        "failed to allocate", "could not allocate memory", "cannot allocate memory",
        "out of memory", "bad_alloc",
    ]

    /// True when it ended because memory was refused or the kernel took it.
    var isOutOfMemory: Bool {
        switch manner {
        case .signalled(9): return isMemoryKill
        case .signalled:
            let words = lastWords.lowercased()
            return Self.allocationComplaints.contains { words.contains($0) }
        case .exited, .notStarted: return false
        }
    }

    /// For people: `was ended by SIGSEGV`.
    var sentence: String {
        switch manner {
        case .exited(let code): "left with exit code \(code)"
        case .signalled(let number): "was ended by \(Self.name(ofSignal: number))"
        case .notStarted(let reason): "did not start: \(reason)"
        }
    }

    /// The sentence, with its last words where there are any.
    var sentenceWithLastWords: String {
        lastWords.isEmpty ? sentence : "\(sentence); its last words: \(lastWords)"
    }

    /// The last lines of what a process said, on one line, without the frames of stack traces: what
    /// went wrong stands before them.
    package static func lastWords(of bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .filter { line in
                let words = line.split(separator: " ", maxSplits: 1)
                let isFrame = words.count == 2 && words[0].allSatisfy(\.isNumber)
                return !isFrame && !line.hasPrefix("Current stack trace")
            }
            .suffix(4)
            .map { String($0.prefix(300)) }
            .joined(separator: " | ")
    }

    /// A signal's name on Linux.
    package static func name(ofSignal number: Int32) -> String {
        let names: [Int32: String] = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT",
            7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2",
            13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ",
            31: "SIGSYS",
        ]
        return names[number] ?? "signal \(number)"
    }
}
