/// Moments as ISO 8601 text in UTC with milliseconds: `2026-11-23T20:04:05.123Z`.
package enum TimestampText {
    /// The text of a moment.
    ///
    /// Integers only, without the system's calendar: two of them are made for each tile.
    ///
    /// - Parameter seconds: since 1970; what is outside of the years 0 to 9999 is moved to their ends.
    /// - Returns: 24 characters.
    package static func text(secondsSince1970 seconds: Double) -> String {
        let bounds = -62_167_219_200.0...253_402_300_799.0
        let moment = seconds.isNaN ? 0 : min(max(seconds, bounds.lowerBound), bounds.upperBound)
        let milliseconds = Int((moment * 1000).rounded(.down))
        let whole = floorDivided(milliseconds, by: 1000)
        let days = floorDivided(whole, by: 86_400)
        let ofDay = whole - 86_400 * days
        let (year, month, day) = date(ofDay: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(year, digits: 4, then: 0x2D, to: &text)
        append(month, digits: 2, then: 0x2D, to: &text)
        append(day, digits: 2, then: 0x54, to: &text)
        append(ofDay / 3600, digits: 2, then: 0x3A, to: &text)
        append(ofDay / 60 % 60, digits: 2, then: 0x3A, to: &text)
        append(ofDay % 60, digits: 2, then: 0x2E, to: &text)
        append(milliseconds - 1000 * whole, digits: 3, then: 0x5A, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(
        _ number: Int,
        digits: Int,
        then separator: UInt8,
        to text: inout [UInt8]
    ) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            text.append(UInt8(0x30 + number / power % 10))
            power /= 10
        }
        text.append(separator)
    }

    private static func floorDivided(_ number: Int, by divisor: Int) -> Int {
        number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
    }

    /// The date of a day counted from 1 January 1970 in the Gregorian calendar.
    private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        // Counted from 1 March of the year 0, leap days come last in their year and 400 years are
        // 146,097 days.
        let shifted = day + 719_468
        let era = floorDivided(shifted, by: 146_097)
        let ofEra = shifted - 146_097 * era
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * ofYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + 400 * era + (month <= 2 ? 1 : 0), month,
            ofYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
