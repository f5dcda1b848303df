import Foundation
import Lattice
import RasterIO
import Regression

/// The directory that results appear in.
///
/// Files are written into a hidden directory inside it and renamed when all are complete, so a reader
/// never sees half a file, and a failed run leaves what was there. A directory that this command
/// wrote before is overwritten; one with other content is refused.
struct RegressionOutput {
    /// The directory.
    let directory: String
    private var staging: String { "\(directory)/.partial" }

    /// Every name that the command writes.
    static let names = ["local.csv", "bandwidth.csv", "local.gpkg", "prediction.csv", "maps.png"]
    /// The file that is renamed last and marks the directory.
    static let document = "model.json"

    /// Makes the directory, or checks that it may be written to.
    ///
    /// - Throws: `CommandError` for a directory with content that is not this command's.
    init(directory: String) throws {
        self.directory = directory
        let files = FileManager.default
        let target = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
        if let attributes = try? files.attributesOfItem(atPath: target) {
            guard attributes[.type] as? FileAttributeType == .typeDirectory else {
                throw CommandError.usage("--output: \(directory) is a file; legal: a directory")
            }
            let content = (try? files.contentsOfDirectory(atPath: directory)) ?? []
            let foreign = content.filter { $0 != ".partial" }
            guard foreign.isEmpty || Self.isOurs(directory) else {
                throw CommandError.usage(
                    "--output: \(directory) holds \(foreign.sorted()[0]) and was not written by "
                        + "sectile regress; legal: a new or empty directory, or one of its own"
                )
            }
        }
        do {
            try? files.removeItem(atPath: "\(directory)/.partial")
            try files.createDirectory(
                atPath: "\(directory)/.partial",
                withIntermediateDirectories: true
            )
        } catch {
            throw CommandError.failed(
                "--output: cannot make \(directory): \(error.localizedDescription)"
            )
        }
    }

    private static func isOurs(_ directory: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(document)"),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return false }
        return object["command"] as? String == ModelDocument.command
    }

    /// Writes a file to be renamed later.
    func write(_ data: Data, as name: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: "\(staging)/\(name)"))
        } catch {
            throw CommandError.failed(
                "cannot write \(directory)/\(name): \(error.localizedDescription)"
            )
        }
    }

    /// Writes columns as CSV.
    func write(_ columns: ResultColumns, as name: String) throws {
        do {
            try Data().write(to: URL(fileURLWithPath: "\(staging)/\(name)"))
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(staging)/\(name)"))
            defer { try? file.close() }
            try columns.writeCSV { try file.write(contentsOf: Data($0.utf8)) }
        } catch {
            throw CommandError.failed(
                "cannot write \(directory)/\(name): \(error.localizedDescription)"
            )
        }
    }

    /// Writes the rows with coordinates as a layer of points.
    func writePoints(
        _ columns: ResultColumns,
        x: [Double],
        y: [Double],
        reference: CoordinateReference,
        as name: String
    ) throws {
        try VectorWriter.write(
            to: "\(staging)/\(name)",
            layer: "local",
            reference: reference,
            columns: columns.attributes(),
            features: x.indices.lazy.filter { x[$0].isFinite && y[$0].isFinite }.map { row in
                VectorFeature(
                    geometry: .point(x: x[row], y: y[row]),
                    values: columns.values(row: row)
                )
            }
        )
    }

    /// Renames everything that was written; files of an earlier run that this one has not vanish.
    func publish() throws {
        for name in Self.names + [Self.document] {
            let (from, to) = ("\(staging)/\(name)", "\(directory)/\(name)")
            if !FileManager.default.fileExists(atPath: from) {
                try? FileManager.default.removeItem(atPath: to)
            } else if unsafe rename(from, to) != 0 {
                throw CommandError.failed("cannot rename \(from) to \(to): error \(errno)")
            }
        }
        try? FileManager.default.removeItem(atPath: staging)
    }

    /// Removes what a failed run wrote.
    func abandon() { try? FileManager.default.removeItem(atPath: staging) }
}
