internal import CPosix
internal import Glibc

/// A running process of a slot: a socket to talk through, what it says on standard error, its end.
///
/// Used on the thread that started it and lives as long as the process may: the kernel tells the child
/// of the end of that thread, which it takes for its parent's.
final class SlotProcess {
    /// Number of the process, and of its group.
    let processID: Int32
    /// This end of the socket; does not block.
    let socket: Int32
    /// Its standard output and error; does not block.
    ///
    /// -1 once it has ended.
    private(set) var errors: Int32

    private var frames = SlotFrameBuffer()
    private var outgoing: [UInt8] = []
    private var outgoingStart = 0
    private var words: [UInt8] = []
    private let group: MemoryGroup?
    private var machineKills: Int
    private var isReaped = false

    /// What the names of control groups begin with; the number of the process follows.
    static let groupPrefix = "sectile-slot-"
    /// How much of what it said last is kept, bytes.
    private static let wordsBytes = 8192

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - executable: path of the program.
    ///   - arguments: its arguments, the program's name first.
    ///   - groupLimitBytes: limit of a memory control group; nil for none.
    /// - Throws: ``SlotFrameError`` with the reason.
    init(
        executable: String,
        arguments: [String],
        groupLimitBytes: Int?
    ) throws(SlotFrameError) {
        var ends: [Int32] = [-1, -1]
        var pipe: [Int32] = [-1, -1]
        guard unsafe sectile_socket_pair(&ends) == 0 else {
            throw SlotFrameError("no socket pair: raise the limit of open files (ulimit -n)")
        }
        guard unsafe sectile_pipe(&pipe) == 0 else {
            close(ends[0])
            close(ends[1])
            throw SlotFrameError("no pipe: raise the limit of open files (ulimit -n)")
        }
        machineKills = MemoryGroup.machineKillCount
        let number = Self.spawn(executable, arguments, input: ends[1], output: pipe[1])
        close(ends[1])
        close(pipe[1])
        guard number > 0 else {
            close(ends[0])
            close(pipe[0])
            throw SlotFrameError("\(executable): \(unsafe String(cString: strerror(-number)))")
        }
        processID = number
        socket = ends[0]
        errors = pipe[0]
        group = groupLimitBytes.flatMap { limit in
            MemoryGroup(name: "\(Self.groupPrefix)\(number)", limitBytes: limit)
        }
        _ = group?.add(processID: number)
    }

    deinit {
        if !isReaped {
            kill()
            _ = end(waits: true)
        }
        close(socket)
        if errors >= 0 { close(errors) }
    }

    private static func spawn(
        _ executable: String,
        _ arguments: [String],
        input: Int32,
        output: Int32
    ) -> Int32 {
        let copies = unsafe arguments.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        var pointers = unsafe copies + [nil]
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return -EINVAL }
            return unsafe sectile_spawn(executable, first, input, output)
        }
    }

    /// Forgets whom the kernel killed so far: what ends this process from now on belongs to a new unit.
    func noteUnit() { machineKills = MemoryGroup.machineKillCount }

    /// True while something waits to be written.
    var hasOutgoing: Bool { outgoingStart < outgoing.count }

    /// Queues a frame and writes what the socket takes; what a process that is gone does not take is
    /// dropped, its end is found elsewhere.
    func send(_ frame: [UInt8]) {
        outgoing += frame
        flush()
    }

    /// Writes what the socket takes.
    func flush() {
        while hasOutgoing {
            let sent = unsafe outgoing[outgoingStart...].withUnsafeBytes { bytes in
                unsafe sectile_send(socket, bytes.baseAddress, bytes.count, 0)
            }
            if sent == -Int64(EAGAIN) { return }
            guard sent > 0 else { break }
            outgoingStart += Int(sent)
        }
        outgoing.removeAll(keepingCapacity: outgoing.count < 1 << 20)
        outgoingStart = 0
    }

    /// Reads what has come, as frames; false once the process has closed its end.
    func receive() -> Bool {
        // A result of the largest size, and some, in one go; what is more comes at the next turn.
        for _ in 0..<128 {
            let chunk = unsafe Self.read(upTo: 1 << 16) {
                unsafe sectile_receive(socket, $0, $1, 0)
            }
            guard let chunk else { return false }
            if chunk.isEmpty { break }
            frames.append(chunk)
        }
        return true
    }

    /// The next report that came; nil when there is no more.
    ///
    /// - Throws: ``SlotFrameError`` for what is none.
    func nextReport() throws(SlotFrameError) -> SlotReport? {
        guard let frame = try frames.next() else { return nil }
        return try SlotCodec.decodeReport(frame)
    }

    /// Takes in what it says on standard error, keeping the end.
    func listen() {
        while errors >= 0 {
            let descriptor = errors
            let chunk = unsafe Self.read(upTo: 1 << 12) { bytes, count in
                let got = unsafe Glibc.read(descriptor, bytes, count)
                return got < 0 ? -Int64(errno) : Int64(got)
            }
            guard let chunk else {
                close(errors)
                errors = -1
                return
            }
            guard !chunk.isEmpty else { return }
            words += chunk
            if words.count > Self.wordsBytes { words.removeFirst(words.count - Self.wordsBytes) }
        }
    }

    /// What is there; empty when nothing is, nil at the end.
    private static func read(
        upTo limit: Int,
        _ call: (UnsafeMutableRawPointer?, Int) -> Int64
    ) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: limit)
        let got = unsafe chunk.withUnsafeMutableBytes { unsafe call($0.baseAddress, $0.count) }
        if got == -Int64(EAGAIN) || got == -Int64(EINTR) { return [] }
        guard got > 0 else { return nil }
        chunk.removeLast(limit - Int(got))
        return chunk
    }

    /// What it holds (resident, without the pages of files) and its resident memory, bytes; nil when it
    /// is gone.
    func memory() -> (heldBytes: Int, residentBytes: Int)? {
        let descriptor = unsafe open("/proc/\(processID)/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = unsafe Self.read(upTo: 128) { Int64(unsafe Glibc.read(descriptor, $0, $1)) }
        let pages = String(decoding: bytes ?? [], as: UTF8.self).split(separator: " ")
            .compactMap { Int($0) }
        guard pages.count >= 3, pages[1] > 0 else { return nil }
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))
        return ((pages[1] - pages[2]) * pageBytes, pages[1] * pageBytes)
    }

    /// Ends it and all that it started, at once.
    func kill() {
        _ = Glibc.kill(-processID, SIGKILL)
        // What has left its process group is still in its control group.
        for member in group?.members ?? [] { _ = Glibc.kill(member, SIGKILL) }
    }

    /// How it ended; nil while it lives.
    ///
    /// - Parameter waits: blocks until it has.
    /// - Returns: what ended it, and what it said last.
    func end(waits: Bool) -> SlotEnd? {
        guard !isReaped else { return nil }
        var signalNumber: Int32 = 0
        var exitCode: Int32 = 0
        var peakKibibytes: Int64 = 0
        let result = unsafe sectile_reap(
            processID,
            waits ? 1 : 0,
            &signalNumber,
            &exitCode,
            &peakKibibytes
        )
        guard result != 0 else { return nil }
        isReaped = true
        // What it started, if anything, does not outlive it.
        kill()
        listen()
        let isMemoryKill =
            (group?.killCount ?? 0) > 0 || MemoryGroup.machineKillCount > machineKills
        group?.remove()
        return SlotEnd(
            signalNumber != 0 ? .signalled(signalNumber) : .exited(exitCode),
            peakResidentBytes: Int(peakKibibytes) * 1024,
            lastWords: lastWords,
            isMemoryKill: isMemoryKill
        )
    }

    private var lastWords: String { SlotEnd.lastWords(of: words) }
}
