/// Numbers as digits at the end of a buffer.
///
/// Names of tiles are made and read by the million where a run is taken up again; interpolation takes
/// ten times as long.
enum DecimalText {
    /// Appends a number with at least so many digits.
    static func append(_ number: Int, digits least: Int = 1, to text: inout [UInt8]) {
        if number < 0 { text.append(0x2D) }
        var rest = number.magnitude
        let start = text.count
        repeat {
            text.append(UInt8(0x30 + rest % 10))
            rest /= 10
        } while rest > 0 || text.count - start < least
        text[start...].reverse()
    }

    /// Takes a number without sign off the front; nil when there is none, or it is too large.
    static func take(from text: inout ArraySlice<UInt8>) -> Int? {
        var number = 0
        let start = text.startIndex
        while let digit = text.first, (0x30...0x39).contains(digit) {
            guard number < 1 << 48 else { return nil }
            number = 10 * number + Int(digit - 0x30)
            text.removeFirst()
        }
        return text.startIndex > start ? number : nil
    }
}
