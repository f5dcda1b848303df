internal import Tiling
internal import WireProtocol

/// The process of a slot: takes orders, computes one unit at a time, reports.
package final class SlotService {
    private let link: SlotLink
    private let computer: any TileComputer
    private let inspect: @Sendable (_ specification: [UInt8]) -> String?
    private let computing = OwnThreads(count: 1, name: "sectile-compute")

    private var specification: [UInt8] = []
    private var runDirectory = ""
    private var assembly = BriefAssembly()
    private var brief: RoundBrief?
    private var cancellation = CancellationFlag()

    /// A service that has not begun.
    ///
    /// - Parameters:
    ///   - link: where orders come from.
    ///   - computer: what computes.
    ///   - inspect: says why units of a specification cannot be computed here; nil when they can.
    package init(
        link: SlotLink,
        computer: any TileComputer,
        inspect: @escaping @Sendable (_ specification: [UInt8]) -> String?
    ) {
        self.link = link
        self.computer = computer
        self.inspect = inspect
    }

    /// Serves until the worker is gone; the process is to end then, whatever it computes.
    ///
    /// Blocks the thread it is called on, which does nothing else: computing cannot keep it from
    /// noticing.
    ///
    /// - Throws: an error that says why an order could not be read.
    package func serve() throws {
        link.send(.ready)
        var frames = SlotFrameBuffer()
        while let bytes = link.receive() {
            frames.append(bytes)
            while let frame = try frames.next() { obey(try SlotCodec.decodeOrder(frame)) }
        }
    }

    private func obey(_ order: SlotOrder) {
        switch order {
        case .setting(let specification, let runDirectory):
            self.specification = specification
            self.runDirectory = runDirectory
        case .brief(let part):
            if let whole = assembly.take(part) { brief = whole }
        case .compute(let grant): compute(grant)
        case .cancel: cancellation.cancel()
        case .lent(let path): link.answer(.success(path))
        case .withheld(let failureClass, let message):
            link.answer(.failure(TileFailure(failureClass, message)))
        case .inspect(let specification):
            computing.submit { [link, inspect] in
                link.send(.inspected(problem: inspect(specification)))
            }
        }
    }

    private func compute(_ grant: LeaseGrant) {
        let unit = grant.lease.unit
        let flag = CancellationFlag()
        cancellation = flag
        guard let brief, brief.stage == unit.stage, brief.round == unit.round else {
            report(TileFailure(.bug, "\(grant.lease) came without its constants"), of: grant.lease)
            return
        }
        let request = TileRequest(
            lease: grant.lease,
            core: grant.core,
            inputs: grant.inputs,
            specification: specification,
            constants: brief.constants,
            runDirectory: runDirectory,
            halo: brief.halo
        )
        computing.submit { [computer, link] in
            do throws(TileFailure) {
                link.send(.completed(try computer.compute(request, cancellation: flag)))
            } catch {
                Self.report(error, of: request.lease, link)
            }
        }
    }

    private func report(_ failure: TileFailure, of lease: LeaseID) {
        Self.report(failure, of: lease, link)
    }

    private static func report(_ failure: TileFailure, of lease: LeaseID, _ link: SlotLink) {
        link.send(
            .failed(
                AttemptFailure(
                    lease: lease,
                    failureClass: failure.failureClass,
                    message: failure.description,
                    peakResidentBytes: failure.peakResidentBytes
                )
            )
        )
    }
}
