internal import Dispatch
internal import Synchronization

/// Runs a body over chunks 0 ..< `chunkCount` on at most `threadCount` threads.
///
/// Chunks are handed out in order to whichever thread is free; `body` gets the chunk and a lane in
/// 0 ..< `threadCount` that no two running chunks share, for scratch memory. What a chunk computes
/// must depend on its number only. Blocks until all are done.
func forEachChunk(
    chunkCount: Int,
    threadCount: Int,
    _ body: @escaping (_ chunk: Int, _ lane: Int) -> Void
) {
    let lanes = min(threadCount, chunkCount)
    guard lanes > 1 else {
        for chunk in 0..<chunkCount { body(chunk, 0) }
        return
    }
    // The loop returns only when every lane has, and lanes share nothing that `body` writes.
    nonisolated(unsafe) let shared = body
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: lanes) { lane in
        while true {
            let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if chunk >= chunkCount { return }
            unsafe shared(chunk, lane)
        }
    }
}
