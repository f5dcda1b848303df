/// Where the keys of a configuration stand, for whoever finds something wrong after it was read.
package struct SettingsPlaces: Sendable {
    private let locations: [String: SettingsLocation]

    /// The places of a configuration's keys; none where it cannot be read.
    ///
    /// - Parameters:
    ///   - contents: the bytes of the file.
    ///   - environment: variables that replace keys, see ``RunSettings/parse(_:file:directory:environment:flags:)``.
    ///   - flags: values of command-line flags by key path.
    package init(
        _ contents: [UInt8],
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) {
        guard let text = String(validating: contents, as: UTF8.self),
            let document = try? SettingsDocument(text: text, file: "")
        else {
            locations = [:]
            return
        }
        let reader = SettingsReader(
            overrides: SettingsEnvironment.overrides(environment: environment, flags: flags)
        )
        if let root = reader.root(document.root) {
            _ = RunSettingsReading(reader: reader, directory: "/").run(root)
        }
        locations = reader.locations
    }

    /// Where a key stands, or the nearest key above it that was given; the file as a whole where neither is.
    package func location(of keyPath: String) -> SettingsLocation {
        SettingsReader.location(of: keyPath, in: locations)
    }
}
