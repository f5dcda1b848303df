import Telemetry
import Testing

struct TimestampTextTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_763_928_245.125, "2025-11-23T20:04:05.125Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799, "9999-12-31T23:59:59.000Z"), (1e300, "9999-12-31T23:59:59.000Z"),
        (-1e300, "0000-01-01T00:00:00.000Z"), (.nan, "1970-01-01T00:00:00.000Z"),
    ])
    func `a moment is its text in the Gregorian calendar`(seconds: Double, text: String) {
        #expect(TimestampText.text(secondsSince1970: seconds) == text)
    }
}
