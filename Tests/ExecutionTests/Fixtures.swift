import ContentDigest
import Execution
import Lattice
import Tiling
import WireProtocol

/// Leases, grants and welcomes for tests, named by tile column and attempt.
enum Fixtures {
    static let digest = ContentDigest(of: "fixture")

    static let workerID: WorkerID = {
        guard let workerID = WorkerID("0c5d7d1e-0000-4000-8000-00000000000a") else {
            preconditionFailure("the fixture is a UUID")
        }
        return workerID
    }()

    static func identity(
        slots: Int = 1,
        credit: Int = 2,
        scratchDirectory: String? = nil
    ) -> WorkerIdentity {
        WorkerIdentity(
            workerID: workerID,
            host: "node1",
            processID: 17,
            build: BuildIdentity(version: "1.0", gdal: "3.6.2", proj: "9.1.1"),
            slots: slots,
            credit: credit,
            memoryPerSlotBytes: 0,
            scratchDirectory: scratchDirectory
        )
    }

    static func lease(_ column: Int, attempt: Int = 1) -> LeaseID {
        LeaseID(
            unit: WorkUnit(stage: .balance, tile: TileID(row: 0, column: column)),
            attempt: Attempt(attempt)
        )
    }

    static func grant(_ column: Int, attempt: Int = 1, limit: Int = 600) -> LeaseGrant {
        LeaseGrant(
            lease: lease(column, attempt: attempt),
            core: CellWindow(rows: 0..<4, columns: (4 * column)..<(4 * column + 4)),
            inputs: [],
            wallLimitSeconds: limit
        )
    }

    static func welcome(
        runID: String = "run",
        epoch: UInt64 = 1,
        session: UInt64 = 1,
        runDirectory: String = "/run"
    ) -> Welcome {
        Welcome(
            runID: runID,
            epoch: epoch,
            session: session,
            heartbeatMilliseconds: 1_000,
            leaseMilliseconds: 3_000,
            planDigest: digest,
            specification: [1, 2, 3],
            runDirectory: runDirectory,
            storageProbe: "probe"
        )
    }

    static let brief = StageBrief(stage: .balance, round: 0, constants: [.prepare: [7]])

    static func result(
        _ column: Int,
        attempt: Int = 1,
        partialBytes: Int = 1
    ) -> TileResult {
        let lease = lease(column, attempt: attempt)
        return TileResult(
            lease: lease,
            object: TileObject(
                key: TileObjectKey(lease: lease, nonce: 1),
                bytes: 10,
                fileDigest: digest,
                samplesDigest: digest
            ),
            partial: [UInt8](repeating: 1, count: partialBytes),
            cost: TileCost()
        )
    }
}

extension TransferFile {
    /// The file of the resolved zones.
    static let zones: TransferFile = {
        guard let input = ResolvedInput(path: "inputs/zones.bin") else {
            preconditionFailure("the name of the zones is legal")
        }
        return .input(input)
    }()
}
