import Foundation
import Telemetry

/// The world's wall clock as text; the only place that reads it.
enum Timestamps {
    /// Now, ISO 8601 in UTC with milliseconds: `2026-11-23T20:04:05.123Z`.
    static func now() -> String { text(of: Date()) }

    /// Now, seconds since 1970.
    static func secondsSince1970() -> Double { Date().timeIntervalSince1970 }

    /// A time as ISO 8601 in UTC with milliseconds.
    static func text(of date: Date) -> String {
        TimestampText.text(secondsSince1970: date.timeIntervalSince1970)
    }
}
