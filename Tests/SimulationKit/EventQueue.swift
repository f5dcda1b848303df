import Coordination

/// What is still to happen, soonest first, in the order of scheduling where times are equal.
struct EventQueue<Event> {
    private var heap: [(at: MonotonicInstant, number: Int, event: Event)] = []
    private var lastNumber = 0

    /// Schedules an event.
    mutating func push(_ event: Event, at: MonotonicInstant) {
        lastNumber += 1
        heap.append((at, lastNumber, event))
        var index = heap.count - 1
        while index > 0, isLess(index, (index - 1) / 2) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the next event; nil when there is none.
    mutating func pop() -> (at: MonotonicInstant, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var index = 0
            while true {
                let left = 2 * index + 1
                guard left < heap.count else { break }
                let right = left + 1
                let child = right < heap.count && isLess(right, left) ? right : left
                guard isLess(child, index) else { break }
                heap.swapAt(child, index)
                index = child
            }
        }
        return (first.at, first.event)
    }

    private func isLess(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].number) < (heap[right].at, heap[right].number)
    }
}
