/// The keys that a coordinator admits.
///
/// As text, one key a line: 40 characters of Z85, then optionally a space and a label. Empty lines
/// and lines that begin with `#` are skipped: `#` is a character of Z85, but none that a key can
/// begin with, since the first five characters encode 32 bits. A key occurs once.
package struct AllowList: Sendable, Hashable {
    /// A key that is admitted.
    package struct Entry: Sendable, Hashable {
        /// The key.
        package let publicKey: CurvePublicKey
        /// What people call it; may be empty.
        package let label: String

        /// Puts an entry together.
        ///
        /// - Throws: ``MessagingError/Code/keyInvalid`` where the label has a line break or more
        ///   than 200 characters.
        package init(publicKey: CurvePublicKey, label: String = "") throws(MessagingError) {
            guard label.count <= 200, !label.contains(where: \.isNewline) else {
                throw MessagingError(
                    .keyInvalid,
                    subject: "label of \(publicKey.fingerprint)",
                    "legal: up to 200 characters in one line"
                )
            }
            self.publicKey = publicKey
            // Spaces at the ends would not survive being written and read.
            self.label = label.split(separator: " ").joined(separator: " ")
        }
    }

    /// The entries, in the order they were added.
    package private(set) var entries: [Entry]

    /// Makes a list; later entries of a key already listed replace the earlier one's label.
    package init(_ entries: [Entry] = []) {
        self.entries = []
        for entry in entries { insert(entry) }
    }

    /// Adds a key, or gives a listed one a new label; true where the key is new.
    @discardableResult
    package mutating func insert(_ entry: Entry) -> Bool {
        if let index = entries.firstIndex(where: { $0.publicKey == entry.publicKey }) {
            entries[index] = entry
            return false
        }
        entries.append(entry)
        return true
    }

    /// Removes a key; true where it was listed.
    @discardableResult
    package mutating func remove(_ publicKey: CurvePublicKey) -> Bool {
        let count = entries.count
        entries.removeAll { $0.publicKey == publicKey }
        return entries.count < count
    }

    /// The entries that a person means by a key, a fingerprint or a label.
    package func entries(named name: String) -> [Entry] {
        entries.filter {
            $0.publicKey.z85 == name || $0.publicKey.fingerprint == name || $0.label == name
        }
    }

    /// The entry of a key.
    package func entry(for publicKey: CurvePublicKey) -> Entry? {
        entries.first { $0.publicKey == publicKey }
    }
}
