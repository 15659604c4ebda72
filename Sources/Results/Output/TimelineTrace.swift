import Documents
import Simulation

/// A timeline as a trace of events that the Perfetto UI and Chrome's tracing open.
///
/// The form is the Trace Event Format of Chromium: a process for each deployment, a thread for each replica with its
/// stretches of engine steps, counters of requests in the batch and of power, requests as nested asynchronous events, KV
/// caches on their way to the replica that fetches them. Times are microseconds of simulated time.
public struct TimelineTrace: Sendable {
  /// A deployment's part.
  public struct Part: Sendable {
    /// Its name.
    public var name: String
    /// What it did.
    public var observations: Observations
    /// Watts of one replica's accelerators without work.
    public var idleWatts: Double

    /// A part; see the properties.
    public init(name: String, observations: Observations, idleWatts: Double) {
      self.name = name
      self.observations = observations
      self.idleWatts = idleWatts
    }
  }

  private let parts: [Part]
  private let replicas: Range<Int>

  /// A trace of deployments; requests of other replicas are left out.
  public init(_ parts: [Part], replicas: Range<Int>) {
    self.parts = parts
    self.replicas = replicas
  }

  /// Spans that are kept of all deployments.
  public var spans: Int { parts.reduce(0) { $0 + $1.observations.spans.count } }

  /// Whether a deployment had more spans than are kept.
  public var isCut: Bool { parts.contains { $0.observations.spans.count >= TimelinePlan.mostSpans } }

  /// Writes the trace to a file.
  ///
  /// - Throws: a problem that names the file where it can't be written.
  public func write(to file: OutputFile) throws(Problems) {
    try file.write { (append) throws(Problems) in
      try append("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")
      var isFirst = true
      func add(_ event: JSONValue) throws(Problems) {
        try append((isFirst ? "" : ",\n") + event.text(indent: 0))
        isFirst = false
      }
      for (index, part) in parts.enumerated() {
        let process = index + 1
        try add(Self.name("process_name", process, 0, part.name))
        for replica in Set(part.observations.spans.map(\.replica)).sorted() {
          try add(Self.name("thread_name", process, Int(replica) + 1, "replica \(replica)"))
        }
        for span in part.observations.spans.sorted(by: Self.precedes) {
          for event in Self.events(span, process, idleWatts: part.idleWatts) { try add(event) }
        }
        for record in part.observations.records where replicas.contains(Int(record.replica)) {
          for event in Self.events(record, process) { try add(event) }
        }
      }
      try append("\n]}\n")
    }
  }

  private static func precedes(_ a: TimelineSpan, _ b: TimelineSpan) -> Bool {
    (a.replica, a.start, a.end) < (b.replica, b.start, b.end)
  }

  private static func name(_ kind: String, _ process: Int, _ thread: Int, _ name: String) -> JSONValue {
    [
      "name": .string(kind), "ph": "M", "pid": .int(process), "tid": .int(thread),
      "args": ["name": .string(name)],
    ]
  }

  private static func microseconds(_ time: SimTime) -> JSONValue { .double(Double(time.nanoseconds) * 1e-3) }

  private static func events(_ span: TimelineSpan, _ process: Int, idleWatts: Double) -> [JSONValue] {
    let thread = Int(span.replica) + 1
    let start = span.start.nanoseconds
    let seconds = Double(span.end.nanoseconds - start) * 1e-9
    func complete(_ name: String, _ category: String, _ thread: Int, _ arguments: [(String, JSONValue)])
      -> JSONValue
    {
      [
        "name": .string(name), "cat": .string(category), "ph": "X", "ts": microseconds(span.start),
        "dur": .double(seconds * 1e6), "pid": .int(process), "tid": .int(thread), "args": .object(arguments),
      ]
    }
    func counter(_ name: String, _ value: Double) -> JSONValue {
      [
        "name": .string("replica \(span.replica): \(name)"), "ph": "C", "ts": microseconds(span.start),
        "pid": .int(process), "args": [name: .double(value)],
      ]
    }
    switch span.kind {
    case .transfer(let tokens, let source):
      // Transfers overlap one another and the steps: each is an asynchronous event of its own.
      let arguments: JSONValue = ["prompt_tokens": .int(Int(tokens)), "from_replica": .int(Int(source))]
      let id = "\(process).\(span.replica).\(start).\(source).\(tokens)"
      return [("b", span.start), ("e", span.end)].map { phase, time in
        [
          "name": "KV cache", "cat": "transfer", "ph": .string(phase), "id": .string(id),
          "ts": microseconds(time),
          "pid": .int(process), "tid": .int(thread), "args": arguments,
        ]
      }
    case .steps(let count, let decoding, let promptTokens):
      let watts = seconds > 0 ? Double(span.microjoules) * 1e-6 / seconds : 0
      let title =
        promptTokens > 0
        ? decoding > 0 ? "prompts and decoding" : "prompts"
        : count > 1 ? "\(count) decode steps" : "decode step"
      return [
        complete(
          title, promptTokens > 0 ? "prefill" : "decode", thread,
          [
            ("steps", .int(Int(count))), ("decoding", .int(Int(decoding))),
            ("prompt_tokens", .int(Int(promptTokens))), ("watts", .double(idleWatts + watts)),
          ]),
        counter("batch", Double(decoding)), counter("watts", idleWatts + watts),
      ]
    }
  }

  /// A request: queue, prefill, decoding inside the whole.
  private static func events(_ record: RequestRecord, _ process: Int) -> [JSONValue] {
    let id = "\(process).\(record.stream).\(record.index)"
    func event(_ name: String, _ phase: String, _ time: SimTime, _ arguments: JSONValue = .object([]))
      -> JSONValue
    {
      [
        "name": .string(name), "cat": "request", "ph": .string(phase), "id": .string(id),
        "ts": microseconds(time),
        "pid": .int(process), "tid": .int(Int(record.replica) + 1), "args": arguments,
      ]
    }
    let name = "request \(record.index)"
    let facts: JSONValue = [
      "stream": .int(Int(record.stream)), "input_tokens": .int(Int(record.inputTokens)),
      "output_tokens": .int(Int(record.outputTokens)), "preemptions": .int(Int(record.preemptions)),
      "cached_input_tokens": .int(Int(record.cachedTokens)),
    ]
    return [
      event(name, "b", record.arrival, facts), event("queue", "b", record.arrival),
      event("queue", "e", record.scheduled), event("prefill", "b", record.scheduled),
      event("prefill", "e", record.firstToken), event("decode", "b", record.firstToken),
      event("decode", "e", record.completed), event(name, "e", record.completed),
    ]
  }
}
