import Testing

// Two suites, for two cores: what is seen of small runs waits more than it computes, runs of whole
// countries compute. Each goes one test after the other; more at a time would measure each other's machine.

/// Real processes, real sockets, real signals: small runs that are hurt, commanded, and given odd inputs.
@Suite(.serialized, .enabled(if: Program.isBuilt, "the program is not built"))
enum EndToEnd {}

/// Real processes that compute a country, or a window of one: all numbers, whatever happens.
@Suite(.serialized, .enabled(if: Program.isBuilt, "the program is not built"), .sharedRuns)
enum EndToEndCountries {}
