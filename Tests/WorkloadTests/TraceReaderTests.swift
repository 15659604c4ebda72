import Testing
import Workload

@Suite struct TraceReaderTests {
  /// The message that a text gives as `t`, or "read" when there is none.
  static func message(_ contents: String, _ reader: TraceReader = TraceReader()) -> String {
    do {
      _ = try reader.read(contents: contents, name: "t")
      return "read"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "Azure's rows count from the first, to a tenth of a microsecond, over midnight and line ends of either kind"
  )
  func azure() throws {
    let trace = try TraceReader().read(
      contents: "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-12-31 23:59:59.9799600,4808,10\r\n"
        + "2024-01-01 00:00:00.0000001,3180,8\r\n\r\n2024-03-01 00:00:00,1,2147483647",
      name: "t")
    // January has 31 days and February of 2024 has 29.
    #expect(trace.arrivalsNanoseconds == [0, 20_040_100, 60 * 86_400_000_000_000 + 20_040_000])
    #expect(trace.inputTokens == [4808, 3180, 1])
    #expect(trace.outputTokens == [10, 8, .max])
    #expect(trace.blockTokens == 0)
    #expect(trace.blockHashes(ofRequest: 1) == [])
  }

  @Test("zones are taken into account")
  func zones() throws {
    let trace = try TraceReader().read(
      contents: """
        TIMESTAMP,ContextTokens,GeneratedTokens
        2024-05-10 00:00:00.009930+00:00,2162,5
        2024-05-10T02:00:01.009930+02:00,2399,6
        2024-05-09 22:30:02.00993-01:30,76,15
        2024-05-10 00:00:03.00993Z,76,15
        """, name: "t")
    #expect(trace.arrivalsNanoseconds == [0, 1_000_000_000, 2_000_000_000, 3_000_000_000])
  }

  @Test("a plain CSV keeps its times, in any order of columns, others ignored")
  func plain() throws {
    let trace = try TraceReader().read(
      contents:
        "\u{feff}id,output_tokens, arrival_seconds ,input_tokens\na,7,0.25,9\nb,8, 1 ,10\nc,1,1.5e1,3\n"
        + "d,1,15.0000000004,3\ne,1,15.0000000015,3\n",
      name: "t")
    #expect(
      trace.arrivalsNanoseconds == [
        250_000_000, 1_000_000_000, 15_000_000_000, 15_000_000_000, 15_000_000_002,
      ])
    #expect(trace.inputTokens == [9, 10, 3, 3, 3])
    #expect(trace.outputTokens == [7, 8, 1, 1, 1])
  }

  @Test("Mooncake's rows keep their blocks, whatever the order of keys and what lies between")
  func mooncake() throws {
    let trace = try TraceReader().read(
      contents: """
        {"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 18446744]}
        {"hash_ids":[7],"x":{"a":[1,"}, "]},"y":"\\"{","output_length":6,"input_length":1023,"timestamp":27000.5}
        {"timestamp": 30000, "input_length": 3, "output_length": 1}
        """, name: "t")
    #expect(trace.arrivalsNanoseconds == [0, 27_000_500_000, 30_000_000_000])
    #expect(trace.inputTokens == [600, 1023, 3])
    #expect(trace.outputTokens == [5, 6, 1])
    #expect(trace.blockTokens == 512)
    #expect((0..<3).map { Array(trace.blockHashes(ofRequest: $0)) } == [[0, 18_446_744], [7], []])
  }

  @Test("a rate scale of 2 halves the times")
  func rateScale() throws {
    let text = "arrival_seconds,input_tokens,output_tokens\n1,2,3\n4.000000001,5,6\n"
    let trace = try TraceReader(rateScale: 2).read(contents: text, name: "t")
    #expect(trace.arrivalsNanoseconds == [500_000_000, 2_000_000_001])
    #expect(Self.message(text, TraceReader(rateScale: 0)) == "t: rate_scale is 0.0; allowed: above 0")
    #expect(Self.message(text, TraceReader(blockTokens: 0)) == "t: block_tokens is 0; allowed: 1 or more")
  }

  @Test("every problem of a CSV is named at once")
  func badCSV() {
    let text = """
      arrival_seconds,input_tokens,output_tokens
      0,1,1
      soon,1,1
      -1,1,1
      2,0,1
      2,-5,2.5
      2,1
      2,1,1,1
      2,2147483648,
      3,1,1
      2.5,1,1
      1e400,1,1
      99999999999,1,1
      ,1,1
      """
    #expect(
      Self.message(text) == """
        t:3: arrival_seconds is 'soon'; allowed: seconds from the start, 0 or more, such as 12.5
        t:4: arrival_seconds is '-1'; allowed: seconds from the start, 0 or more, such as 12.5
        t:5: input_tokens is '0'; allowed: 1 to 2147483647 tokens
        t:6: input_tokens is '-5'; allowed: 1 to 2147483647 tokens
        t:6: output_tokens is '2.5'; allowed: 1 to 2147483647 tokens
        t:7: 2 fields; allowed: 3, as in the header
        t:8: 4 fields; allowed: 3, as in the header
        t:9: input_tokens is '2147483648'; allowed: 1 to 2147483647 tokens
        t:9: output_tokens is ''; allowed: 1 to 2147483647 tokens
        t:11: arrives 0.500000000 s before line 10; allowed: rows in order of arrival (sort the file by its times)
        t:12: arrival_seconds is '1e400'; allowed: seconds from the start, 0 or more, such as 12.5
        t:13: arrival_seconds is '99999999999'; allowed: seconds from the start, 0 or more, such as 12.5
        t:14: arrival_seconds is ''; allowed: seconds from the start, 0 or more, such as 12.5
        """)
  }

  @Test(
    "what is no instant is refused",
    arguments: [
      "2023-11-16", "2023-13-16 18:15:46", "2023-02-29 18:15:46", "2023-11-16 24:00:00",
      "2023-11-16 18:60:46",
      "2023-11-16 18:15:60", "2023-11-16 18:15:46.", "2023-11-16 18:15:46+1", "2023/11/16 18:15:46", "12",
      "2023-11-16 18:15:46 UTC", "9999-12-31 00:00:00",
    ])
  func badTimestamp(text: String) {
    #expect(
      Self.message("TIMESTAMP,ContextTokens,GeneratedTokens\n\(text),1,1") == """
        t:2: TIMESTAMP is '\(text)'; allowed: a time such as 2023-11-16 18:15:46.6805900
        """)
  }

  @Test("every problem of JSON lines is named at once")
  func badMooncake() {
    let text = """
      {"timestamp": -1, "input_length": 600, "output_length": 0, "hash_ids": [0, 1]}
      {"timestamp": 1, "input_length": 600, "output_length": 5, "hash_ids": [0, 1}
      [1, 2]
      {"timestamp": 1, "output_length": 5, "hash_ids": []} x
      {"timestamp": 1, "hash_ids": []}
      {"timestamp": "1", "input_length": 600, "output_length": 5, "hash_ids": [0, -1]}
      {"timestamp": 1, "input_length": 600, "output_length": 5, "hash_ids": [0, -1]}
      {"timestamp": 1, "input_length": 600, "output_length": 5, "hash_ids": [0, 1, 2]}
      {"timestamp": 1, "input_length": 600, "output_length": 5, "hash_ids": 4}
      {"timestamp": 1, "input_length": 600, "output_length": 5}
      {"timestamp": 0, "input_length": 600, "output_length": 5}
      {}
      """
    #expect(
      Self.message(text) == """
        t:1: timestamp is '-1'; allowed: milliseconds from the start, 0 or more
        t:1: output_length is '0'; allowed: 1 to 2147483647 tokens
        t:2: found '{"timestamp": 1, "input_length": 600, "output_length": 5, "h…'; allowed: one JSON object on a line
        t:3: found '[1, 2]'; allowed: one JSON object on a line
        t:4: found '{"timestamp": 1, "output_length": 5, "hash_ids": []} x'; allowed: one JSON object on a line
        t:5: key input_length is missing; allowed: timestamp, input_length, output_length, hash_ids
        t:5: key output_length is missing; allowed: timestamp, input_length, output_length, hash_ids
        t:6: timestamp is '"1"'; allowed: milliseconds from the start, 0 or more
        t:7: hash_ids has '-1'; allowed: whole numbers, 0 or more
        t:8: hash_ids names 3 blocks; allowed: 2 of 512 tokens for 600 tokens
        t:9: hash_ids is '4'; allowed: an array of whole numbers, 0 or more
        t:11: arrives 0.001000000 s before line 10; allowed: rows in order of arrival (sort the file by its times)
        t:12: key timestamp is missing; allowed: timestamp, input_length, output_length, hash_ids
        t:12: key input_length is missing; allowed: timestamp, input_length, output_length, hash_ids
        t:12: key output_length is missing; allowed: timestamp, input_length, output_length, hash_ids
        """)
  }

  @Test("beyond the limit problems are counted")
  func manyProblems() {
    let text = "arrival_seconds,input_tokens,output_tokens\n" + String(repeating: "x,1,1\n", count: 25)
    let lines = Self.message(text).split(separator: "\n")
    #expect(lines.count == 21)
    #expect(lines[19].hasPrefix("t:21: "))
    #expect(lines[20] == "… and 5 more")
    #expect(Self.message(text, TraceReader(problemLimit: 25)).split(separator: "\n").count == 25)
  }

  @Test("files that hold no trace are refused")
  func noTrace() {
    let formats =
      "'TIMESTAMP,ContextTokens,GeneratedTokens' (azure), 'arrival_seconds,input_tokens,output_tokens' (csv), "
      + "'Timestamp,Request tokens,Response tokens' (burstgpt), or lines of JSON with timestamp, input_length and "
      + "output_length (mooncake; aiperf with session_id, agentic with request_id)"
    #expect(Self.message("") == "t: the file is empty; allowed: \(formats)")
    #expect(Self.message("\n \r\n") == "t: the file is empty; allowed: \(formats)")
    #expect(Self.message("\na,b\n1,2\n") == "t:2: the first line is 'a,b'; allowed: \(formats)")
    #expect(
      Self.message("arrival_seconds,input_tokens,output_tokens\n")
        == "t: there are no rows; allowed: at least one request")
    #expect(
      Self.message("arrival_seconds,prompt,output\n1,2,3") == """
        t:1: column input_tokens is missing from 'arrival_seconds,prompt,output'; allowed: \
        arrival_seconds,input_tokens,output_tokens
        t:1: column output_tokens is missing from 'arrival_seconds,prompt,output'; allowed: \
        arrival_seconds,input_tokens,output_tokens
        """)
    #expect(
      Self.message("a,b\n", TraceReader(format: .mooncake))
        == "t:1: found 'a,b'; allowed: one JSON object on a line")
    #expect(throws: TraceError.self) { try TraceReader().read(path: "/nonexistent/trace.csv") }
  }
}

@Suite("Traces whose rows wait for one another, and BurstGPT's")
struct GraphTraceTests {
  private typealias Edge = RequestGraph.Edge

  @Test("BurstGPT's rows keep their seconds; those without an answer failed")
  func burstGPT() throws {
    let trace = try TraceReader().read(
      contents: """
        Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
        5,ChatGPT,472,18,490,Conversation log
        45,ChatGPT,1087,0,1087,Conversation log
        118.5,GPT-4,417,276,693,API log
        """, name: "t")
    #expect(trace.arrivalsNanoseconds == [5_000_000_000, 118_500_000_000])
    #expect(trace.inputTokens == [472, 417] && trace.outputTokens == [18, 276])
    #expect(trace.graph == nil)
  }

  /// Turns repeat what was asked and answered: 100; 100 + 20 + 30; 150 + 5 + 1,000.
  ///
  /// Their blocks of 64 tokens are those of the session, 1, 2 and 18 whole ones.
  @Test("AIPerf's sessions: turns add to what came before, a delay after the answer")
  func sessions() throws {
    let trace = try TraceReader(blockTokens: 64).read(
      contents: """
        {"session_id": "a", "timestamp": 0, "input_length": 100, "output_length": 20, "hash_ids": [7]}
        {"session_id": "b", "timestamp": 1500, "input_length": 10, "output_length": 2}
        {"session_id": "a", "delay": 250, "input_length": 30, "output_length": 5}
        {"session_id": "a", "delay": 0.5, "input_length": 1000, "output_length": 1}
        """, name: "t")
    #expect(trace.inputTokens == [100, 10, 150, 1155])
    let graph = try #require(trace.graph)
    #expect(graph.roots == [0, 1] && graph.waits == [0, 0, 1, 1] && graph.sessions == [0, 1, 0, 0])
    #expect(Array(graph.successors(of: 0)) == [Edge(row: 2, delayNanoseconds: 250_000_000)])
    #expect(Array(graph.successors(of: 2)) == [Edge(row: 3, delayNanoseconds: 500_000)])
    #expect(trace.blockHashes(ofRequest: 0) == [7])
    #expect(trace.blockHashes(ofRequest: 2).count == 2 && trace.blockHashes(ofRequest: 2).first == 7)
    #expect(trace.blockHashes(ofRequest: 3).count == 18)
    #expect(trace.blockHashes(ofRequest: 3).prefix(2) == trace.blockHashes(ofRequest: 2))
    // A faster trace starts sessions sooner; tools and readers take their time.
    let fast = try TraceReader(rateScale: 3, blockTokens: 64).read(
      contents: """
        {"session_id": 1, "timestamp": 1500, "input_length": 100, "output_length": 20}
        {"session_id": 1, "delay": 250, "input_length": 30, "output_length": 5}
        """, name: "t")
    #expect(fast.graph?.notBeforeNanoseconds == [500_000_000, 0])
    #expect(fast.graph.map { Array($0.successors(of: 0)) } == [Edge(row: 1, delayNanoseconds: 250_000_000)])
  }

  @Test("agents: a request spawns two, a third waits for both")
  func agents() throws {
    let trace = try TraceReader().read(
      contents: """
        {"schema": "agentic", "block_size": 32, "hash_id_scope": "local"}
        {"request_id": "p", "play_id": "x", "not_before_ms": 10, "input_length": 70, "output_length": 4, "hash_ids": [0, 1, 2]}
        {"request_id": "q", "play_id": "x", "session_id": "sub", "input_length": 64, "output_length": 1, "hash_ids": [0, 1], "dependencies": [{"request_id": "p", "trigger": "dispatch", "delay_ms": 2}]}
        {"request_id": "r", "play_id": "x", "input_length": 64, "output_length": 1, "hash_ids": [0, 3], "wait_for": ["p"], "delay": 7}
        {"request_id": "s", "play_id": "y", "input_length": 64, "output_length": 1, "hash_ids": [0, 1], "wait_for": ["q", "r"]}
        """, name: "t")
    let graph = try #require(trace.graph)
    #expect(trace.blockTokens == 32 && trace.inputTokens == [70, 64, 64, 64])
    #expect(graph.roots == [0] && graph.waits == [0, 1, 1, 2])
    #expect(
      Array(graph.successors(of: 0)) == [
        Edge(row: 1, delayNanoseconds: 2_000_000, afterAnswer: false),
        Edge(row: 2, delayNanoseconds: 7_000_000),
      ])
    // Equal numbers are equal blocks within a play alone.
    #expect(trace.blockHashes(ofRequest: 1) == trace.blockHashes(ofRequest: 0).prefix(2))
    #expect(trace.blockHashes(ofRequest: 3).first != trace.blockHashes(ofRequest: 0).first)
  }

  @Test(arguments: [
    (
      #"{"request_id": "a", "input_length": 1, "output_length": 1, "wait_for": ["b"]}"#,
      "t:1: waits for the request 'b'; allowed: request_ids of earlier lines"
    ),
    (
      #"{"session_id": "a", "input_length": 1, "output_length": 1}"#,
      "t:1: timestamp is missing; allowed: milliseconds on the first turn of a session"
    ),
    (
      #"{"session_id": "a", "timestamp": -1, "input_length": 1, "output_length": 1}"#,
      "t:1: timestamp is -1.0; allowed: milliseconds, 0 or more"
    ),
    (
      #"{"session_id": "a", "timestamp": 1, "input_length": 0, "output_length": 1}"#,
      "t:1: input_length or output_length is missing or below 1; allowed: 1 to 2147483647 tokens"
    ),
    (#"{"request_id": "a", "block_size": 64}"#, "t: there are no rows; allowed: at least one request"),
  ])
  func whatIsWrongIsSaid(text: String, message: String) {
    #expect(TraceReaderTests.message(text) == message)
  }
}
