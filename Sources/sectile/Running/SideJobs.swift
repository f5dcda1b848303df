import Coordination
import Logging
import RunStore
import Settings
import Telemetry

/// What goes on beside coordinator and workers until the run is over.
struct SideJobs {
    /// The run.
    let coordinator: Coordinator
    /// Answers operators.
    let control: ControlService
    /// Writes numbers for monitoring.
    let metrics: MetricsFile
    /// Tells the service manager; nil without one.
    let service: ServiceNotices?
    /// Shows progress; nil where nobody looks at lines.
    let display: ProgressDisplay?
    /// Copies a journal that lies elsewhere; nil where it does not.
    let backups: JournalBackups?

    /// The jobs, each to be run until it is cancelled.
    var all: [@Sendable () async throws -> Never] {
        var jobs: [@Sendable () async throws -> Never] = [
            { [control] in try await control.run() }, { [metrics] in try await metrics.run() },
        ]
        if let service {
            jobs.append { [coordinator] in
                // The port is bound and join.json is there.
                service.ready()
                try await service.keepWatch {
                    ProgressDisplay.line(of: await coordinator.progress()).text
                }
            }
        }
        if let display { jobs.append { try await display.run() } }
        if let backups { jobs.append { try await backups.run() } }
        return jobs
    }

    /// Does what is due at the end, once the coordinator has ended.
    func finish() async {
        await metrics.finish()
        await backups?.finish()
    }
}

extension RunHost {
    /// The side jobs of a coordinator.
    func sideJobs(
        _ coordinator: Coordinator,
        _ opened: RunDirectory,
        _ held: HeldJournal,
        _ facts: FactCounter,
        _ logger: Logger
    ) -> SideJobs {
        SideJobs(
            coordinator: coordinator,
            control: ControlService(
                coordinator: coordinator,
                control: ControlDirectory(of: opened),
                logger: logger
            ),
            metrics: MetricsFile(
                coordinator: coordinator,
                facts: facts,
                path: "\(opened.logsDirectory)/metrics.prom",
                logger: logger
            ),
            service: ServiceNotices(),
            display: terminal.format == .text ? ProgressDisplay(coordinator: coordinator) : nil,
            backups: held.mirror.map { mirror in
                JournalBackups(mirror: mirror, coordinator: coordinator, logger: logger)
            }
        )
    }
}
