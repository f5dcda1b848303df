extension RunDirectory {
    /// Takes the right to coordinate this run.
    ///
    /// - Parameter holder: process and host, such as `process 4711 on node3`.
    /// - Returns: the right, which ends with the value.
    /// - Throws: `.locked`, naming the holder, when another coordinator is at work.
    package func lock(holder: String) throws(RunStoreError) -> CoordinationLock {
        try CoordinationLock(path: Self.lockFile(of: path), holder: holder)
    }

    /// True when some process coordinates this run, on this host or another.
    package var isCoordinated: Bool { Self.isCoordinated(at: path) }

    /// True when some process coordinates the run in a directory, on this host or another.
    package static func isCoordinated(at path: String) -> Bool {
        CoordinationLock.isHeld(path: lockFile(of: path))
    }

    /// When the right to coordinate the run in a directory was last taken, seconds since 1970; nil when
    /// it never was.
    package static func lockedSeconds(at path: String) -> Double? {
        CoordinationLock.takenSeconds(path: lockFile(of: path))
    }

    private static func lockFile(of path: String) -> String { "\(path)/.lock" }
}

extension JournalPlace {
    /// Takes the right to write the journal, under the run's lock: nil when it lies in the directory.
    ///
    /// Two directories could be pointed at one journal; its own lock keeps them apart.
    ///
    /// - Parameter holder: process and host, such as `process 4711 on node3`.
    /// - Returns: the right, which ends with the value.
    /// - Throws: `.locked`, naming the holder, when the journal is written for another directory.
    package func lock(holder: String) throws(RunStoreError) -> CoordinationLock? {
        isElsewhere ? try CoordinationLock(path: "\(path).lock", holder: holder) : nil
    }
}
