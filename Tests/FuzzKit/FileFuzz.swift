import Analysis
import ContentDigest
import Execution
import Lattice
import Messaging
import RunStore
import Settings
import Tiling
import WireProtocol

/// Content of files, and what messages carry as bytes.
struct FileFuzz {
    /// What the bytes are taken for.
    enum Kind: Int, CaseIterable {
        case joinFile, allowList, objectKey, inputPath, tileID, objectList, digest
        case specification, preparePartial, balancePartials, candidatePartial, fitPartial
        case residualPartial, zones, features, configuration, endpoint, workerID, reduction
        case controlRequest
    }

    private(set) var violations: [String] = []
    private(set) var accepted: [String: Int] = [:]

    init(_ bytes: inout FuzzBytes) {
        let kind = Kind.allCases[bytes.choice(of: Kind.allCases.count)]
        let content = bytes.rest()
        if take(kind, content) { accepted["\(kind)"] = 1 }
    }

    private mutating func take(_ kind: Kind, _ content: [UInt8]) -> Bool {
        let text = String(decoding: content, as: UTF8.self)
        switch kind {
        case .joinFile: return (try? JoinFile(content: content, path: "join.json")) != nil
        case .allowList: return (try? AllowList(text: text, path: "allow-list")) != nil
        case .objectKey: return checkKey(text)
        case .inputPath: return checkPath(ResolvedInput(path: text)?.path)
        case .tileID: return TileID(text) != nil
        case .objectList:
            guard let list = ObjectList(stage: .balance, round: 0, packed: content) else {
                return false
            }
            for index in 0..<list.count { _ = list.object(at: index) }
            return true
        case .digest: return ContentDigest(hexadecimal: text) != nil
        case .specification: return checkSpecification(content)
        case .preparePartial: return checkSums(.prepare, content)
        case .balancePartials: return checkSums(.balance, content)
        case .candidatePartial: return checkSums(.bandwidth, content)
        case .fitPartial: return checkSums(.fit, content)
        case .residualPartial: return checkSums(.diagnose, content)
        case .zones:
            guard let zones = ZoneSet(encoded: content) else { return false }
            if zones.encoded != content { violations.append("zones are written otherwise") }
            return true
        case .features: return FeatureSet(encoded: content) != nil
        case .configuration:
            return
                (try? RunSettings.parse(content, file: "run.yaml", directory: "/x")) != nil
        case .endpoint: return Endpoint(text) != nil
        case .workerID: return WorkerID(text) != nil
        case .reduction: return checkReduction(content)
        case .controlRequest: return (try? ControlRequest(encoded: content)) != nil
        }
    }

    private mutating func checkKey(_ text: String) -> Bool {
        guard let key = TileObjectKey(path: text) else { return false }
        if TileObjectKey(lease: key.lease, nonce: key.nonce) != key {
            violations.append("\(key) is not what its parts make")
        }
        return checkPath(key.path)
    }

    /// No name of a peer leads out of its directory.
    private mutating func checkPath(_ path: String?) -> Bool {
        guard let path else { return false }
        if path.hasPrefix("/") || path.split(separator: "/").contains("..") || path.contains("\0") {
            violations.append("'\(path)' is accepted")
        }
        return true
    }

    private func checkSpecification(_ content: [UInt8]) -> Bool {
        guard let model = try? RunModel(encoded: content) else { return false }
        _ = model.mainSink
        _ = model.summedLayers
        _ = try? model.encoded()
        return true
    }

    /// A partial that passes the check at its commit can be summed up.
    private mutating func checkSums(_ stage: Stage, _ content: [UInt8]) -> Bool {
        FuzzModel.reducer.fault(in: content, of: stage) == nil
    }

    private mutating func checkReduction(_ content: [UInt8]) -> Bool {
        guard let first = content.first else { return false }
        let stage: Stage = first % 2 == 0 ? .prepare : .balance
        let partial = Array(content.dropFirst())
        guard FuzzModel.reducer.fault(in: partial, of: stage) == nil else { return false }
        let tiles = (0..<2).map { (tile: TileID(row: 0, column: $0), partial: partial) }
        _ = try? FuzzModel.reducer.reduce(
            stage: stage,
            round: 0,
            partials: tiles,
            constants: [:]
        )
        return true
    }
}
