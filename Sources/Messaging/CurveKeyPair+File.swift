extension CurveKeyPair {
    /// Writes the pair to a new file of mode 0600.
    ///
    /// The file has a comment and two lines, `public KEY` and `secret KEY`, in Z85.
    ///
    /// - Throws: ``MessagingError/Code/fileExists`` where the path exists: a key that others may
    ///   rely on is never overwritten.
    package func write(toNewFile path: String) throws(MessagingError) {
        let text = """
            # Sectile CURVE key pair: private, keep mode 0600.
            public \(publicKey.z85)
            secret \(secretKey.exposedZ85)

            """
        try PrivateFile.create(path: path, content: Array(text.utf8))
    }

    /// Reads a file written by ``write(toNewFile:)``.
    ///
    /// - Throws: ``MessagingError/Code/fileExposed`` where group or others may read the file, and
    ///   ``MessagingError/Code/fileInvalid`` where it holds something else.
    package init(contentsOfFile path: String) throws(MessagingError) {
        let content = try PrivateFile.read(path: path)
        var publicText: Substring?
        var secretText: Substring?
        let text = String(decoding: content, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            switch (words.first, words.count) {
            case ("public", 2) where publicText == nil: publicText = words[1]
            case ("secret", 2) where secretText == nil: secretText = words[1]
            case (nil, _): continue
            default: throw Self.invalid(path, "a line is neither a comment nor one of these")
            }
        }
        guard let publicText, let secretText else {
            throw Self.invalid(path, "a line is missing")
        }
        do {
            try self.init(
                publicKey: CurvePublicKey(z85: publicText),
                secretKey: CurveSecretKey(z85: secretText)
            )
        } catch {
            throw Self.invalid(path, "\(error)")
        }
    }

    private static func invalid(_ path: String, _ found: String) -> MessagingError {
        MessagingError(
            .fileInvalid,
            subject: path,
            "not a key file: \(found); legal: the lines 'public KEY' and 'secret KEY', as written"
                + " by sectile keys generate"
        )
    }
}
