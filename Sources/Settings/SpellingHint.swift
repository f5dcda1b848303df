/// Guesses what a misspelt word was meant to be.
enum SpellingHint {
    /// `; did you mean "path"?`, or where in the file the key belongs, or nothing.
    static func text(
        for word: String,
        among legal: [String],
        elsewhereThan pattern: String? = nil
    ) -> String {
        if let near = nearest(to: word, among: legal) { return "; did you mean \"\(near)\"?" }
        guard let pattern else { return "" }
        let home = KeyTable.keys.first { $0.name == word && $0.parent != pattern }
        return home.map { "; it belongs under \"\($0.parent)\"" } ?? ""
    }

    /// The nearest legal word that is near enough, the first of equals; nil when none is.
    static func nearest(to word: String, among legal: [String]) -> String? {
        let lowered = word.lowercased()
        guard lowered.count <= 64 else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in legal {
            let other = candidate.lowercased()
            let isPart =
                lowered.count >= 4 && (other.hasPrefix(lowered) || lowered.hasPrefix(other))
            let distance = isPart ? 1 : distance(Array(lowered.utf8), Array(other.utf8))
            guard distance <= max(1, min(lowered.count, other.count) / 3) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Number of insertions, deletions, substitutions and swaps of neighbours (Damerau 1964,
    /// restricted to one edit of a place) between two words.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let isSame = left[row] == right[column]
                var cost = min(
                    last[column] + (isSame ? 0 : 1),
                    last[column + 1] + 1,
                    current[column] + 1
                )
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
