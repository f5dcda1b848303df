/// One symbol of a unit text with its exponent: `km` and −2 in `tCO2 km-2 yr-1`.
struct UnitFactor: Hashable, Sendable {
    /// The letters, as written.
    var symbol: String
    /// The exponent, negated where the factor stands below a slash.
    var exponent: Int
    /// Where the symbol begins, characters from 1.
    var position: Int
}

/// A unit text cut into its factors, without any knowledge of what they mean.
///
/// Factors are separated by spaces, `·`, `×`, `*` or `.`; a slash (or `per`) puts the next factor, or the
/// parenthesis that follows, below the line; exponents are written `-2`, `^-2` or `⁻²`. A number
/// (`1000`, `1e4`, `10^4`) may come first.
struct UnitFactors: Hashable, Sendable {
    /// The text as written.
    let text: String
    /// Powers of ten and integers in front, as an exact fraction.
    private(set) var multiplier = UnitFraction.one
    /// The factors in the order of the text.
    private(set) var factors: [UnitFactor] = []

    private var characters: [Character] = []
    private var positions: [Int] = []
    private var index = 0

    /// Cuts a text; throws at the first character that fits no rule.
    init(parsing text: String) throws(CarbonBalanceError) {
        self.text = text
        guard text.count <= 80 else {
            throw refusal("a unit has at most 80 characters", at: nil)
        }
        normalise()
        skipSeparators()
        try readMultiplier()
        try readFactors()
        characters = []
        positions = []
    }

    private func refusal(_ explanation: String, at position: Int?) -> CarbonBalanceError {
        CarbonBalanceError(
            .unitSyntax,
            subject: text,
            position: position,
            explanation: explanation
        )
    }

    /// Rewrites superscripts as `^-2`, subscripts as digits, and every separator as a space.
    private mutating func normalise() {
        var isRaised = false
        for (offset, character) in text.enumerated() {
            let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".firstIndex(of: character)
            if raised != nil, !isRaised {
                characters.append("^")
                positions.append(offset + 1)
            }
            isRaised = raised != nil
            characters.append(Self.plain(character))
            positions.append(offset + 1)
        }
    }

    private static func plain(_ character: Character) -> Character {
        switch character {
        case "⁰": "0"
        case "¹": "1"
        case "²", "₂": "2"
        case "³": "3"
        case "⁴": "4"
        case "⁵": "5"
        case "⁶": "6"
        case "⁷": "7"
        case "⁸": "8"
        case "⁹": "9"
        case "⁻", "−", "–": "-"
        case "·", "⋅", "*", "×", "\u{00A0}", "\t": " "
        default: character
        }
    }

    /// Where the character at `index` stands in the text, from 1.
    private func position(_ index: Int) -> Int {
        index < positions.count ? positions[index] : text.count + 1
    }

    private var current: Character? { index < characters.count ? characters[index] : nil }

    private mutating func skipSeparators() {
        while let character = current, character == " " || character == "." { index += 1 }
    }

    private static func isDigit(_ character: Character?) -> Bool {
        character.map { "0" <= $0 && $0 <= "9" && $0.isASCII } ?? false
    }

    private static func isLetter(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0 == "%" || $0 == "$" || $0 == "€" || $0 == "°" } ?? false
    }

    private mutating func readInteger() -> Int? {
        let start = index
        if current == "-" || current == "+" { index += 1 }
        let digits = index
        while Self.isDigit(current), index - digits < 6 { index += 1 }
        guard index > digits, !Self.isDigit(current) else {
            index = start
            return nil
        }
        return Int(String(characters[start..<index]))
    }

    private mutating func readMultiplier() throws(CarbonBalanceError) {
        guard Self.isDigit(current) else { return }
        let start = index
        guard let mantissa = readInteger(), mantissa > 0 else {
            throw refusal(
                "a number in front is an integer of at most 6 digits or a power of 10",
                at: position(start)
            )
        }
        multiplier = UnitFraction(mantissa)
        let isPower = current == "^"
        guard isPower || current == "e" || current == "E" else { return }
        index += 1
        guard let exponent = readInteger(), abs(exponent) <= 12, !isPower || mantissa == 10 else {
            throw refusal(
                "a number in front reads like 1000, 1e4 or 10^4, within 12 powers of 10",
                at: position(start)
            )
        }
        let power = UnitFraction.powerOfTen(exponent)
        multiplier = isPower ? power : multiplier * power
    }

    private mutating func readFactors() throws(CarbonBalanceError) {
        var isBelow = false
        var isBelowParenthesis = false
        while true {
            skipSeparators()
            guard let character = current else { break }
            let position = position(index)
            switch character {
            case "/":
                guard !isBelow else { throw refusal("two slashes in a row", at: position) }
                isBelow = true
                index += 1
            case "(":
                guard !isBelowParenthesis, isBelow else {
                    throw refusal("a parenthesis stands only after a slash", at: position)
                }
                isBelowParenthesis = true
                index += 1
            case ")":
                guard isBelowParenthesis else {
                    throw refusal("a parenthesis closes that was not opened", at: position)
                }
                isBelowParenthesis = false
                isBelow = false
                index += 1
            default:
                let symbol = try readSymbol()
                if symbol == "per" {
                    isBelow = true
                    continue
                }
                let exponent = try readExponent() ?? 1
                factors.append(
                    UnitFactor(
                        symbol: symbol,
                        exponent: isBelow ? -exponent : exponent,
                        position: position
                    )
                )
                if !isBelowParenthesis { isBelow = false }
            }
        }
        guard !isBelow, !isBelowParenthesis else {
            throw refusal("the text ends where a unit should follow", at: nil)
        }
    }

    private mutating func readSymbol() throws(CarbonBalanceError) -> String {
        let start = index
        while Self.isLetter(current) { index += 1 }
        guard index > start else {
            throw refusal(
                "'\(characters[start])' fits no rule: factors are words with an exponent, "
                    + "such as km-2, km^-2 or km⁻², separated by spaces, · or /",
                at: position(start)
            )
        }
        var symbol = String(characters[start..<index])
        // The 2 of CO2 belongs to the substance, not to an exponent.
        if symbol.hasSuffix("CO"), current == "2" {
            index += 1
            symbol += "2"
            while Self.isLetter(current) {
                symbol.append(characters[index])
                index += 1
            }
        }
        return symbol
    }

    private mutating func readExponent() throws(CarbonBalanceError) -> Int? {
        let start = index
        if current == "^" { index += 1 }
        guard let exponent = readInteger() else {
            guard index == start, current != "-" else {
                throw refusal("an exponent is an integer", at: position(start))
            }
            return nil
        }
        guard (1...9).contains(abs(exponent)) else {
            throw refusal("an exponent lies between -9 and 9 and is not 0", at: position(start))
        }
        return exponent
    }
}
