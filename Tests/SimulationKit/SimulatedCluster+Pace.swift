package import Coordination
package import Execution

extension SimulatedCluster {
    /// How fast things go in a cluster: all that has a duration.
    package struct Pace: Sendable, Hashable {
        /// Durations and limits of leases.
        package var leases: LeasePolicy
        /// How patient workers are.
        package var workers: WorkerPolicy
        /// Least and greatest time that a unit takes, where nothing slows it, milliseconds.
        package var computingMilliseconds: ClosedRange<Int>
        /// Time between two looks of a worker at its deadlines and heartbeats, milliseconds.
        package var pulseMilliseconds: Int
        /// How many times as long as in a hurried cluster outages last.
        package var outageFactor: Int

        /// Heartbeats each tenth of a second: a run is over within seconds of virtual time.
        package static let hurried = {
            var leases = LeasePolicy()
            leases.heartbeatMilliseconds = 100
            leases.leaseMilliseconds = 300
            leases.speculationFloorMilliseconds = 400
            leases.backoffMilliseconds = 50
            leases.backoffLimitMilliseconds = 400
            leases.benchMilliseconds = 1000
            // A hurried world is far worse than a real one: only what is unreadable may be given up.
            leases.chargeLimit = 1000
            leases.lossLimit = 1000
            leases.storageFailureLimit = 1000
            // Five records: a round's brief takes three messages.
            leases.briefPartBytes = 500
            return Pace(
                leases: leases,
                workers: WorkerPolicy(
                    greetingPatience: .milliseconds(leases.leaseMilliseconds),
                    dialPatience: .milliseconds(leases.leaseMilliseconds),
                    backoffInitial: .milliseconds(20),
                    backoffMaximum: .milliseconds(400)
                ),
                computingMilliseconds: 10...120,
                pulseMilliseconds: 50,
                outageFactor: 1
            )
        }()

        /// The product's defaults, and tiles of 5 to 60 seconds.
        package static let real = Pace(
            leases: LeasePolicy(),
            workers: WorkerPolicy(),
            computingMilliseconds: 5000...60_000,
            pulseMilliseconds: 1000,
            outageFactor: LeasePolicy().leaseMilliseconds / hurried.leases.leaseMilliseconds
        )
    }
}
