internal import Foundation
internal import SwiftProtobuf
internal import Tiling

// What rounds are computed with.

extension WireStageBrief {
    init(_ brief: StageBrief) {
        stage = WireStage(brief.stage)
        round = UInt32(clamping: brief.round)
        constants = brief.constants.sorted { $0.key < $1.key }.map { stage, content in
            var constants = WireStageConstants()
            constants.stage = WireStage(stage)
            constants.content = Data(content)
            return constants
        }
        objects = brief.objects.map { list in
            var objects = WireStageObjects()
            objects.stage = WireStage(list.stage)
            objects.round = UInt32(clamping: list.round)
            objects.packed = Data(list.packed)
            return objects
        }
        part = UInt32(clamping: brief.part)
        following = UInt32(clamping: brief.following)
    }

    func decoded(_ owner: String) throws(WireError) -> StageBrief {
        let byteCount =
            constants.reduce(0) { $0 + $1.content.count }
            + objects.reduce(0) { $0 + $1.packed.count }
        guard byteCount <= WireLimits.opaqueBytes else {
            throw WireField.complaint(
                owner,
                "constants",
                found: "\(byteCount) bytes",
                legal: "at most \(WireLimits.opaqueBytes) bytes, with objects"
            )
        }
        let constants = try decodedConstants(owner)
        let part = try WireField.integer(
            part,
            in: 0...(WireLimits.briefParts - 1),
            owner,
            "part"
        )
        return StageBrief(
            stage: try stage.decoded(owner),
            round: try WireField.integer(round, in: wireRounds, owner, "round"),
            constants: constants,
            objects: try decodedObjects(owner),
            part: part,
            following: try WireField.integer(
                following,
                in: 0...(WireLimits.briefParts - 1 - part),
                owner,
                "following"
            )
        )
    }

    private func decodedConstants(_ owner: String) throws(WireError) -> [Stage: [UInt8]] {
        try WireField.count(constants.count, through: Stage.allCases.count, owner, "constants")
        var contents: [Stage: [UInt8]] = [:]
        for entry in constants {
            let stage = try entry.stage.decoded("stage.constants")
            guard contents.updateValue(Array(entry.content), forKey: stage) == nil else {
                throw WireField.complaint(
                    owner,
                    "constants",
                    found: "\(stage.rawValue) twice",
                    legal: "each stage once"
                )
            }
        }
        return contents
    }

    private func decodedObjects(_ owner: String) throws(WireError) -> [ObjectList] {
        try WireField.count(objects.count, through: Stage.allCases.count, owner, "objects")
        let lists = try objects.map { list throws(WireError) in
            try list.decoded("stage.objects")
        }
        guard zip(lists, lists.dropFirst()).allSatisfy({ $0.stage < $1.stage }) else {
            throw WireField.complaint(
                owner,
                "objects",
                found: lists.map(\.stage.rawValue).joined(separator: ", "),
                legal: "each stage once, in order"
            )
        }
        return lists
    }
}

extension WireStageObjects {
    func decoded(_ owner: String) throws(WireError) -> ObjectList {
        let round = try WireField.integer(round, in: wireRounds, owner, "round")
        let list = ObjectList(
            stage: try stage.decoded(owner),
            round: round,
            packed: Array(packed)
        )
        guard let list else {
            throw WireField.complaint(
                owner,
                "packed",
                found: "\(packed.count) bytes that are not records in tile order",
                legal: "legal records of \(ObjectList.recordBytes) bytes in tile order"
            )
        }
        return list
    }
}
