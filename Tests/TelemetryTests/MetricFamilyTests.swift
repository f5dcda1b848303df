import Telemetry
import Testing

@Suite struct MetricFamilyTests {
    @Test func `a metric is its help, its type and a line for each number`() {
        let family = MetricFamily(
            "sectile_things_total",
            .counter,
            "Things by colour.",
            [
                .init(3, ["colour": "red", "size": ""]),
                .init(0.25, ["colour": "blue", "size": "large"]),
                .init(1e300),
            ]
        )
        #expect(
            family.text == """
                # HELP sectile_things_total Things by colour.
                # TYPE sectile_things_total counter
                sectile_things_total{colour="red",size=""} 3
                sectile_things_total{colour="blue",size="large"} 0.25
                sectile_things_total 1e+300

                """
        )
    }

    @Test func `sum and count stand under the name of their summary`() {
        let family = MetricFamily(
            "commit_seconds",
            .summary,
            "Time.",
            [.init(1.5, suffix: "_sum"), .init(12, suffix: "_count")]
        )
        #expect(
            family.text == """
                # HELP commit_seconds Time.
                # TYPE commit_seconds summary
                commit_seconds_sum 1.5
                commit_seconds_count 12

                """
        )
    }

    @Test func `no text ends its line or its quotes`() {
        let family = MetricFamily(
            "a",
            .gauge,
            "Back\\slash, \"quotes\"\nand a line.",
            [.init(-1, ["label": "back\\slash, \"quotes\"\r\nand a line"])]
        )
        #expect(
            family.text == #"""
                # HELP a Back\\slash, "quotes"\nand a line.
                # TYPE a gauge
                a{label="back\\slash, \"quotes\"\#r\nand a line"} -1

                """#
        )
    }

    @Test func `a metric of which nothing is known is left out`() {
        #expect(MetricFamily("a", .gauge, "Unknown.", []).text.isEmpty)
    }
}
