import ArgumentParser
import Foundation
import Messaging

/// The command `sectile keys …`.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "CURVE keys of workers, and the coordinator's allow-list.",
        subcommands: [Generate.self, Allow.self, Revoke.self, List.self]
    )

    /// The command `sectile keys generate`.
    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate",
            abstract: "Make a key pair in a file of mode 0600 and print its public key.",
            discussion: """
                The secret stays on the machine that uses it (sectile worker --key FILE). The public \
                key goes on the coordinator's allow-list (sectile keys allow DIR KEY --label NAME).
                """
        )

        @Argument(help: "The new file; an existing one is never overwritten.")
        var file: String

        func run() throws {
            do {
                let pair = try CurveKeyPair.generate()
                try pair.write(toNewFile: file)
                print(pair.publicKey.z85)
            } catch { throw CommandError.usage("\(error)") }
        }
    }

    /// The command `sectile keys allow`.
    struct Allow: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow",
            abstract: "Put a public key on the allow-list of a run.",
            discussion: "A coordinator at work puts the change in force within seconds."
        )

        @Argument(help: "The run directory, or an allow-list file.")
        var directory: String
        @Argument(help: "The public key, 40 characters, or a key file.")
        var key: String
        @Option(help: "What people call the key's owner.")
        var label = ""

        func run() throws {
            try AllowListFile(directory).change { list in
                list.insert(
                    try AllowList.Entry(publicKey: try publicKey(named: key), label: label)
                )
            }
        }
    }

    /// The command `sectile keys revoke`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Take a key off the allow-list of a run.",
            discussion: "A coordinator at work puts the change in force within seconds."
        )

        @Argument(help: "The run directory, or an allow-list file.")
        var directory: String
        @Argument(help: "The public key, its fingerprint, or its label.")
        var name: String

        func run() throws {
            try AllowListFile(directory).change { list in
                let entries = list.entries(named: name)
                guard !entries.isEmpty else {
                    throw CommandError.usage(
                        "no key '\(name)' on the list; `sectile keys list` shows them"
                    )
                }
                for entry in entries { list.remove(entry.publicKey) }
            }
        }
    }

    /// The command `sectile keys list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Print the allow-list of a run: key, fingerprint, label."
        )

        @Argument(help: "The run directory, or an allow-list file.")
        var directory: String

        func run() throws {
            for entry in try AllowListFile(directory).read().entries {
                print("\(entry.publicKey.z85)  \(entry.publicKey.fingerprint)  \(entry.label)")
            }
        }
    }
}

/// The allow-list of a run directory, by the directory or by its own path.
struct AllowListFile {
    /// The file.
    let path: String

    /// Takes a run directory or the path of a list.
    init(_ place: String) {
        var isDirectory: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(
            atPath: place,
            isDirectory: &isDirectory
        )
        path = exists && isDirectory.boolValue ? "\(place)/keys/allow-list" : place
    }

    /// Reads the list.
    func read() throws -> AllowList {
        do { return try AllowList(contentsOfFile: path) } catch {
            throw CommandError.usage("\(error)")
        }
    }

    /// Changes the list and writes it back; a running coordinator sees it within a heartbeat.
    ///
    /// Two changes at once are made one after the other.
    func change(_ body: (inout AllowList) throws -> Void) throws {
        try FileLock.holding(path) {
            var list = FileManager.default.fileExists(atPath: path) ? try read() : AllowList()
            do {
                try body(&list)
                try list.write(toFile: path)
            } catch let error as CommandError {
                throw error
            } catch {
                throw CommandError.usage("\(error)")
            }
        }
    }
}

/// A public key from its text, or from a key file.
private func publicKey(named text: String) throws -> CurvePublicKey {
    if let key = try? CurvePublicKey(z85: text) { return key }
    do { return try CurveKeyPair(contentsOfFile: text).publicKey } catch {
        throw CommandError.usage(
            "'\(text)' is neither a public key of 40 characters nor a key file: \(error)"
        )
    }
}
