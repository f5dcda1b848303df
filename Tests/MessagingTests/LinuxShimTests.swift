import CLinux
import Glibc
import Testing

@Suite struct LinuxShimTests {
    private func text(_ fill: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> String {
        var buffer = [CChar](repeating: 1, count: 512)
        let length = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe fill($0.baseAddress, $0.count)
        }
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @Test
    func `an event descriptor counts signals until drained`() {
        let descriptor = sectile_eventfd_create()
        defer { _ = close(descriptor) }
        #expect(sectile_counter_drain(descriptor) == 0)
        #expect(sectile_eventfd_signal(descriptor) == 0)
        #expect(sectile_eventfd_signal(descriptor) == 0)
        #expect(sectile_counter_drain(descriptor) == 2)
        #expect(sectile_counter_drain(descriptor) == 0)
        #expect(sectile_eventfd_signal(-1) == -EBADF)
    }

    @Test
    func `the processors allowed are some and no more than the machine has`() {
        let count = Int(sectile_affinity_processor_count())
        #expect(count >= 1)
        #expect(count <= sysconf(Int32(_SC_NPROCESSORS_CONF)))
    }

    @Test
    func `the processor describes itself without stray characters`() {
        let model = unsafe text { unsafe sectile_cpu_model($0, $1) }
        let features = unsafe text { unsafe sectile_cpu_features($0, $1) }
        for text in [model, features] {
            #expect(text.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
        }
        #if arch(x86_64)
            #expect(features.split(separator: " ").first == "sse2")
        #else
            #expect(features.isEmpty)
        #endif
    }

    @Test
    func `a description that does not fit is cut between words`() {
        var buffer = [CChar](repeating: 1, count: 8)
        let length = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe sectile_cpu_features($0.baseAddress, $0.count)
        }
        #expect(length < 8)
        #expect(buffer[Int(length)] == 0)
    }

    @Test
    func `a file system has a type and a missing path an error`() {
        // PROC_SUPER_MAGIC
        #expect(unsafe sectile_file_system_type("/proc") == 0x9fa0)
        #expect(unsafe sectile_file_system_type("/no such directory") == Int64(-ENOENT))
    }

    @Test
    func `a parent's death signal can be taken back`() {
        #expect(sectile_set_parent_death_signal(0) == 0)
        #expect(sectile_set_parent_death_signal(1_000) == -EINVAL)
    }
}
