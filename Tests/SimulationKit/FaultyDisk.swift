package import Tiling

/// Shared storage for tile objects that can fill up, fail, and tear what is written.
package struct FaultyDisk: Sendable {
    /// How bad it is.
    package struct Options: Sendable, Hashable {
        /// Probability that writing an object fails.
        package var writeFailure = 0.0
        /// Probability that an object that was written is found cut short.
        package var tear = 0.0
        /// Probability that a commit of the journal fails for want of space.
        package var journalFailure = 0.0

        /// A disk without faults.
        package init() {}
    }

    /// How bad it is at present.
    package var options: Options
    /// True while it takes nothing.
    package var isFull = false
    private var objects: [TileObjectKey: Int] = [:]

    /// An empty disk.
    package init(options: Options) {
        self.options = options
    }

    /// Writes an object; false when that failed.
    package mutating func write(_ object: TileObject, using random: inout SeededRandom) -> Bool {
        if isFull || random.chance(options.writeFailure) { return false }
        objects[object.key] = random.chance(options.tear) ? object.bytes / 2 : object.bytes
        return true
    }

    /// Removes an object.
    package mutating func remove(_ key: TileObjectKey) {
        objects[key] = nil
    }

    /// Removes an object behind everybody's back, or cuts it short.
    mutating func spoil(_ key: TileObjectKey, isRemoved: Bool) {
        objects[key] = isRemoved ? nil : objects[key].map { $0 / 2 }
    }

    /// True when there is an object of that name.
    package func contains(_ key: TileObjectKey) -> Bool { objects[key] != nil }

    /// What is wrong with an object; nil when it is as described.
    package func discrepancy(of object: TileObject) -> String? {
        guard let bytes = objects[object.key] else { return "\(object.key) is missing" }
        guard bytes == object.bytes else {
            return "\(object.key) has \(bytes) bytes instead of \(object.bytes)"
        }
        return nil
    }
}
