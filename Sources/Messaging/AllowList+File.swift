extension AllowList {
    /// Reads the text form.
    ///
    /// - Parameters:
    ///   - text: One key a line.
    ///   - path: The file's name, for errors.
    /// - Throws: ``MessagingError/Code/fileInvalid`` that names every bad line.
    package init(text: String, path: String) throws(MessagingError) {
        var list = AllowList()
        var faults: [String] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = line.split(separator: " ", maxSplits: 1)
            guard let word = words.first, !word.hasPrefix("#") else { continue }
            do {
                let entry = try Entry(
                    publicKey: CurvePublicKey(z85: word),
                    label: words.count > 1 ? String(words[1]) : ""
                )
                if !list.insert(entry) { faults.append("line \(index + 1): key listed twice") }
            } catch {
                faults.append("line \(index + 1): \(error.message)")
            }
        }
        guard faults.isEmpty else {
            throw MessagingError(
                .fileInvalid,
                subject: path,
                "not an allow-list: \(faults.prefix(20).joined(separator: "; ")); legal: one public"
                    + " key a line with an optional label; a comment begins with '#'"
            )
        }
        self = list
    }

    /// The text form.
    package var text: String {
        let header = "# Sectile allow-list: one public key a line, then a label.\n"
        return entries.reduce(into: header) { text, entry in
            text += entry.publicKey.z85 + (entry.label.isEmpty ? "" : " \(entry.label)") + "\n"
        }
    }

    /// Reads a file.
    ///
    /// - Throws: ``MessagingError`` where it cannot be read, group or others may write it, or it is
    ///   not an allow-list.
    package init(contentsOfFile path: String) throws(MessagingError) {
        let content = try PrivateFile.readUnlessWritableByOthers(path: path)
        try self.init(text: String(decoding: content, as: UTF8.self), path: path)
    }

    /// Writes the list in place of an older file; readers see one or the other.
    ///
    /// Comments of the older file are not kept.
    package func write(toFile path: String) throws(MessagingError) {
        try PrivateFile.replace(path: path, content: Array(text.utf8))
    }
}
