import ArgumentParser
import Foundation
import Messaging
import RasterIO
import RunStore
import Tiling

/// The command `sectile doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check libraries, drivers, keys, disk and a run; each finding with its remedy."
    )

    @Argument(help: "A run directory.")
    var directory: String?
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?

    /// What was looked at, and what to do about it.
    private enum Finding {
        case fine(String)
        case trouble(String, remedy: String)
    }

    func run() throws {
        var findings = libraries() + drivers()
        if let directory {
            findings += disk(directory) + keys(directory) + journalFindings(directory)
        } else {
            findings += disk(FileManager.default.currentDirectoryPath)
        }
        var hasTrouble = false
        for finding in findings {
            switch finding {
            case .fine(let text): print("ok       \(text)")
            case .trouble(let text, let remedy):
                hasTrouble = true
                print("TROUBLE  \(text)\n         remedy: \(remedy)")
            }
        }
        if hasTrouble { throw ArgumentParser.ExitCode(ExitCode.failed) }
    }

    private func libraries() -> [Finding] {
        var findings: [Finding] = []
        do {
            try GDALRuntime.start(cacheBytes: 64 << 20)
            let versions = "GDAL \(GDALRuntime.gdalVersion), PROJ \(GDALRuntime.projVersion)"
            findings.append(.fine(versions))
        } catch {
            findings.append(.trouble("\(error)", remedy: "install GDAL 3.6 or later (libgdal-dev)"))
        }
        do {
            try ZeroMQLibrary.current.validate()
            findings.append(.fine("libzmq \(ZeroMQLibrary.current.versionText) with CURVE"))
        } catch {
            findings.append(.trouble("\(error)", remedy: "install libzmq 4.3.4 or later (libzmq5)"))
        }
        findings.append(.fine("SQLite \(SQLiteLibrary.versionText)"))
        do {
            _ = try ReferenceParser.parse("EPSG:6933")
            findings.append(.fine("PROJ's database answers"))
        } catch {
            findings.append(
                .trouble("PROJ's database does not answer: \(error)", remedy: "install proj-data")
            )
        }
        return findings
    }

    private func drivers() -> [Finding] {
        let needed = [
            ("GTiff", "GeoTIFF"), ("COG", "cloud-optimised GeoTIFF"), ("VRT", "virtual rasters"),
            ("GPKG", "GeoPackage"), ("GeoJSON", "GeoJSON"), ("ESRI Shapefile", "Shapefile"),
            ("CSV", "CSV"), ("netCDF", "NetCDF"), ("HDF4", "HDF4 (MODIS)"), ("HDF5", "HDF5"),
        ]
        return needed.map { driver, title in
            GDALRuntime.driverIsAvailable(driver)
                ? .fine("GDAL reads \(title)")
                : .trouble(
                    "GDAL has no driver '\(driver)'",
                    remedy: "inputs in \(title) cannot be read; install a GDAL with that driver"
                )
        }
    }

    private func disk(_ directory: String) -> [Finding] {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: directory)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else {
            return [.trouble("\(directory) cannot be asked", remedy: "check that it exists")]
        }
        let text = "\(free >> 20) MiB free at \(directory)"
        return free < 1 << 30
            ? [.trouble(text, remedy: "make room; a run stops committing when the disk is full")]
            : [.fine(text)]
    }

    private func keys(_ directory: String) -> [Finding] {
        let folder = "\(directory)/keys"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var findings: [Finding] = []
        for name in names.sorted() where name.hasSuffix(".key") {
            do {
                _ = try CurveKeyPair(contentsOfFile: "\(folder)/\(name)")
                findings.append(.fine("key \(name)"))
            } catch {
                findings.append(.trouble("\(error)", remedy: "chmod 600 \(folder)/\(name)"))
            }
        }
        for (path, read) in [
            ("\(folder)/allow-list", { _ = try AllowList(contentsOfFile: "\(folder)/allow-list") }),
            (
                "\(directory)/join.json",
                { _ = try JoinFile(contentsOfFile: "\(directory)/join.json") }
            ),
        ] as [(String, () throws -> Void)] where FileManager.default.fileExists(atPath: path) {
            do {
                try read()
                findings.append(.fine(path))
            } catch {
                findings.append(.trouble("\(error)", remedy: "mend or restore \(path)"))
            }
        }
        return findings
    }

    private func journalFindings(_ directory: String) -> [Finding] {
        do {
            let reader = try RunReading.reader(directory, journal: journal)
            let damage = try reader.integrityFindings()
            guard damage.isEmpty else {
                return [
                    .trouble(
                        "the journal is damaged: \(damage.joined(separator: "; "))",
                        remedy: "copy it away and run `sqlite3 journal.sqlite .recover`, or "
                            + "start anew"
                    )
                ]
            }
            var findings: [Finding] = [.fine("the journal is sound")]
            let verifier = DirectoryObjectVerifier(
                directory: try opened(directory),
                check: .digest
            )
            let snapshot = try reader.snapshot()
            let objects = snapshot.units.compactMap(\.object).filter {
                !snapshot.removedStages.contains($0.key.lease.unit.stage)
            }
            let lost = objects.compactMap { verifier.discrepancy(of: $0) }
            findings.append(
                lost.isEmpty
                    ? .fine("\(objects.count) committed tiles are as the journal says")
                    : .trouble(
                        "\(lost.count) committed tiles differ: \(lost.prefix(3).joined(separator: "; "))",
                        remedy: "run the same command again: they are computed anew"
                    )
            )
            return findings
        } catch {
            return [.trouble("\(error)", remedy: "give a run directory")]
        }
    }

    private func opened(_ directory: String) throws -> RunDirectory {
        guard let opened = try RunDirectory.open(at: directory, files: PosixFileSystem()) else {
            throw CommandError.usage("\(directory) is no run directory")
        }
        return opened
    }
}
