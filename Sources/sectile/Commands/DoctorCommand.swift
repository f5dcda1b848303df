import ArgumentParser
import Foundation
import Messaging
import RasterIO
import RunStore
import Settings
import Tiling

/// The command `sectile doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Check libraries, drivers, keys, ports, disk and a run; each finding with its remedy.",
        discussion: """
            Of a run that is coordinated, the endpoints of its join.json are dialled from here; otherwise it \
            is tried whether a coordinator could listen.
            """
    )

    @Argument(help: "A run directory.")
    var directory: String?
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?
    @Option(
        help: """
            Where a coordinator is to listen; default: as for `coordinator`, SECTILE_COORDINATOR_LISTEN, \
            else tcp://0.0.0.0:5555.
            """
    )
    var listen: String?

    /// What was looked at, and what to do about it.
    private enum Finding {
        case fine(String)
        case trouble(String, remedy: String)
    }

    func run() throws {
        var flags: [ProcessKey: String] = [:]
        flags[.listen] = listen
        let endpoint: Endpoint
        do {
            endpoint = try CoordinatorSettings.resolve(
                flags: flags,
                environment: ProcessInfo.processInfo.environment
            ).listen
        } catch { throw CommandError.usage("\(error)") }
        var findings = libraries() + drivers()
        if let directory {
            findings += disk(directory) + keys(directory) + ports(directory, endpoint)
            findings += journalPlace(directory) + journalFindings(directory)
        } else {
            findings += disk(FileManager.default.currentDirectoryPath) + [port(endpoint)]
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

    /// Whether a coordinator could listen.
    private func port(_ endpoint: Endpoint) -> Finding {
        guard let fault = PortProbe.faultOfListening(on: endpoint) else {
            return .fine("a coordinator can listen on \(endpoint)")
        }
        return .trouble(
            fault,
            remedy: "`ss -ltnp` shows who has the port: end that, or give the coordinator another "
                + "--listen (tcp://*:0 takes a free one)"
        )
    }

    /// Whether the coordinator of a run answers, or another could listen.
    private func ports(_ directory: String, _ endpoint: Endpoint) -> [Finding] {
        guard (try? opened(directory))?.isCoordinated == true,
            let join = try? JoinFile(contentsOfFile: "\(directory)/join.json")
        else { return [port(endpoint)] }
        return join.endpoints.compactMap { Endpoint($0) }.map { endpoint in
            guard let fault = PortProbe.faultOfConnecting(to: endpoint) else {
                return .fine("the coordinator answers at \(endpoint)")
            }
            return .trouble(
                "the coordinator is unreachable from here at \(fault)",
                remedy:
                    "open the port in firewalls between; if that is not its address, start it with "
                    + "--advertise HOST and a --listen that is not 127.0.0.1"
            )
        }
    }

    /// Whether the journal lies where it is safe.
    private func journalPlace(_ directory: String) -> [Finding] {
        guard let path = try? RunReading.path(directory, journal: journal),
            let kind = try? PosixFileSystem().storageKind(
                at: URL(fileURLWithPath: path).deletingLastPathComponent().path
            )
        else { return [] }
        switch kind {
        case .local: return [.fine("the journal is on a local disk")]
        case .network(let name):
            return [
                .trouble(
                    "\(path) lies on \(name), where a journal is not safe",
                    remedy: "give `run` and `coordinator` --journal PATH, a path on a local disk"
                )
            ]
        }
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
            return [Self.finding(of: error)]
        }
    }

    /// An error as a finding: what it says to do is the remedy.
    private static func finding(of error: any Error) -> Finding {
        let text = "\(error)"
        guard let pause = text.range(of: "; ") else {
            return .trouble(text, remedy: "give a run directory")
        }
        return .trouble("\(text[..<pause.lowerBound])", remedy: "\(text[pause.upperBound...])")
    }

    private func opened(_ directory: String) throws -> RunDirectory {
        guard let opened = try RunDirectory.open(at: directory, files: PosixFileSystem()) else {
            throw CommandError.usage("\(directory) is no run directory")
        }
        return opened
    }
}
