import Foundation

/// The world's wall clock as text; the only place that reads it.
enum Timestamps {
    /// Now, ISO 8601 in UTC with milliseconds: `2026-11-23T20:04:05.123Z`.
    static func now() -> String { text(of: Date()) }

    /// Now, seconds since 1970.
    static func secondsSince1970() -> Double { Date().timeIntervalSince1970 }

    /// A time as ISO 8601 in UTC with milliseconds.
    static func text(of date: Date) -> String {
        let seconds = date.timeIntervalSince1970
        var whole = time_t(seconds.rounded(.down))
        let milliseconds = Int((seconds - seconds.rounded(.down)) * 1000)
        var parts = unsafe tm()
        unsafe gmtime_r(&whole, &parts)
        func padded(_ value: Int32, _ digits: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        let (year, month, day) = unsafe (parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        let (hour, minute, second) = unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
        return "\(date)T\(time).\(padded(Int32(milliseconds), 3))Z"
    }
}
