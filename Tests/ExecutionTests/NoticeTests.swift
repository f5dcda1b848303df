import Execution
import Testing

@Suite struct NoticeTests {
    private func answer(_ status: Int, _ body: String = "") -> HTTPAnswer {
        HTTPAnswer(status: status, body: body)
    }

    @Test func `services are named or addressed`() throws {
        #expect(NoticeService("AWS") == .aws)
        #expect(NoticeService("gcp")?.leadSeconds == 25)
        let address = try #require(MetadataAddress("http://127.0.0.1:8080/notice?x=1"))
        #expect(address.host == "127.0.0.1" && address.port == 8080)
        #expect(address.path == "/notice?x=1")
        #expect(
            NoticeService("http://host")
                == .address(MetadataAddress(host: "host", port: 80, path: ""))
        )
        for text in [
            "", "amazon", "https://host/", "http://", "http://:80/", "http://host:0/",
            "http://host:99999/", "http://a b/", "http://h/\r\nX: y", "http://user@host/",
        ] {
            #expect(NoticeService(text) == nil, "\(text)")
        }
    }

    @Test func `amazon is asked for a token first, and again when it is refused`() {
        var polling = NoticePolling(service: .aws)
        #expect(polling.request.line == "PUT /latest/api/token")
        #expect(polling.take(nil) == .unanswered)
        #expect(polling.take(answer(200, "TOKEN==\n")) == .askAgain)
        #expect(polling.request.headers == ["X-aws-ec2-metadata-token: TOKEN=="])
        #expect(polling.take(answer(404)) == .none)
        #expect(polling.take(answer(500)) == .unanswered)
        #expect(polling.take(answer(401)) == .unanswered)
        #expect(polling.request.line == "PUT /latest/api/token")
        #expect(polling.take(answer(200, "evil\r\nHost: x")) == .unanswered)
        #expect(polling.take(answer(200, "T")) == .askAgain)
        #expect(polling.take(answer(200, "not json")) == .unanswered)
        let notice = #"{"action": "terminate", "time": "2026-11-25T05:00:00Z"}"#
        #expect(polling.take(answer(200, notice)) == .notice("terminate at 2026-11-25T05:00:00Z"))
    }

    @Test func `google says true or false`() {
        var polling = NoticePolling(service: .gcp)
        #expect(polling.request.headers == ["Metadata-Flavor: Google"])
        #expect(polling.take(answer(200, "FALSE")) == .none)
        #expect(polling.take(answer(403, "TRUE")) == .unanswered)
        #expect(polling.take(answer(200, "TRUE\n")) == .notice("preempted"))
    }

    @Test func `microsoft's events count for the machine they name`() {
        var polling = NoticePolling(service: .azure)
        #expect(polling.take(answer(200, "vm_3")) == .askAgain)
        #expect(polling.request.headers == ["Metadata: true"])
        func events(_ kind: String, _ machine: String) -> HTTPAnswer {
            answer(
                200,
                #"{"Events":[{"EventType":"\#(kind)","Resources":["\#(machine)"],"NotBefore":"t"}]}"#
            )
        }
        #expect(polling.take(answer(200, #"{"DocumentIncarnation":1,"Events":[]}"#)) == .none)
        #expect(polling.take(events("Preempt", "vm_4")) == .none)
        #expect(polling.take(events("Freeze", "vm_3")) == .none)
        #expect(polling.take(answer(200, "[]")) == .unanswered)
        #expect(polling.take(events("Preempt", "vm_3")) == .notice("Preempt not before t"))
    }

    @Test func `an answer is read from its bytes, and anything else is none`() {
        func read(_ text: String) -> HTTPAnswer? { HTTPAnswer(bytes: Array(text.utf8)) }
        #expect(read("HTTP/1.1 200 OK\r\nA: b\r\n\r\nTRUE") == answer(200, "TRUE"))
        #expect(read("HTTP/1.0 404 Not Found\r\n\r\n") == answer(404))
        #expect(
            read(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nTRU\r\n1;x\r\nE\r\n0\r\n\r\n"
            )
                == answer(200, "TRUE")
        )
        for text in [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 99999 X\r\n\r\n", "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
        ] {
            #expect(read(text) == nil, "\(text)")
        }
        var random = SplitMix64(seed: 3)
        let start = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        for _ in 0..<5_000 {
            let noise = (0..<Int(random.next() % 40)).map { _ in
                [13, 10, 48, 49, 102, 59, 120, 255][Int(random.next() % 8)] as UInt8
            }
            _ = HTTPAnswer(bytes: start + noise)
            _ = HTTPAnswer(bytes: noise)
        }
    }
}
