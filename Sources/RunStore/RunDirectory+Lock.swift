extension RunDirectory {
    /// Takes the right to coordinate this run.
    ///
    /// - Parameter holder: process and host, such as `process 4711 on node3`.
    /// - Returns: the right, which ends with the value.
    /// - Throws: `.locked`, naming the holder, when another coordinator is at work.
    package func lock(holder: String) throws(RunStoreError) -> CoordinationLock {
        try CoordinationLock(path: "\(path)/.lock", holder: holder)
    }

    /// Takes the right to write a journal that lies outside the directory.
    ///
    /// Two directories could be pointed at one journal; its own lock keeps them apart.
    package static func lock(
        journal path: String,
        holder: String
    ) throws(RunStoreError) -> CoordinationLock {
        try CoordinationLock(path: "\(path).lock", holder: holder)
    }

    /// True when some process coordinates this run, on this host or another.
    package var isCoordinated: Bool { CoordinationLock.isHeld(path: "\(path)/.lock") }
}
