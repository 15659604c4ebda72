import Foundation

/// Reads traces of JSON lines whose rows wait for one another.
///
/// - AIPerf's sessions: rows of one `session_id` are turns; the first has a `timestamp` (ms), later ones come `delay` (ms)
///   after the answer before, and `input_length` is what a turn adds to all that was asked and answered.
/// - Agentic graphs (Dynamo's agentic Mooncake): rows have a `request_id`, and `wait_for` (a list of those, with one `delay`
///   after the last answer) or `dependencies` (`request_id`, `trigger`: `completion` or `dispatch`, `delay_ms`); prompts are
///   stated whole. A header line may state `block_size` and that `hash_id_scope` is `local` to each `play_id`.
struct GraphTrace {
  let format: TraceReader.Format
  var blockTokens: Int
  let file: String
  var problems: TraceProblemList

  private var rows: [Row] = []
  private var edges: [[RequestGraph.Edge]] = []
  private var sessions: [Int32] = []
  private var inputs: [Int32] = []
  private var hashes: [UInt64] = []
  private var offsets: [Int] = [0]
  private var sessionNumbers: [String: Int32] = [:]
  private var playNumbers: [String: UInt64] = [:]
  private var lastOfSession: [Int32: Int] = [:]
  private var rowOfRequest: [String: Int] = [:]
  private var hasLocalHashes = false

  /// One line, as it is written.
  private struct Row: Decodable {
    var timestamp: Double?
    var notBefore: Double?
    var inputLength: Int?
    var outputLength: Int?
    var hashIDs: [UInt64]?
    var sessionID: Name?
    var playID: Name?
    var requestID: Name?
    var delay: Double?
    var waitFor: [Name]?
    var dependencies: [Dependency]?
    var blockSize: Int?
    var hashScope: String?

    enum CodingKeys: String, CodingKey {
      case timestamp, delay, dependencies
      case notBefore = "not_before_ms"
      case inputLength = "input_length"
      case outputLength = "output_length"
      case hashIDs = "hash_ids"
      case sessionID = "session_id"
      case playID = "play_id"
      case requestID = "request_id"
      case waitFor = "wait_for"
      case blockSize = "block_size"
      case hashScope = "hash_id_scope"
    }
  }

  private struct Dependency: Decodable {
    var requestID: Name
    var trigger: String?
    var delayMilliseconds: Double?

    enum CodingKeys: String, CodingKey {
      case requestID = "request_id"
      case trigger
      case delayMilliseconds = "delay_ms"
    }
  }

  /// A name, which some write as a number.
  private struct Name: Decodable {
    let text: String

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        text = String(number)
      } else {
        text = try container.decode(String.self)
      }
    }
  }

  init(format: TraceReader.Format, blockTokens: Int, file: String, problemLimit: Int) {
    self.format = format
    self.blockTokens = blockTokens
    self.file = file
    problems = TraceProblemList(file: file, limit: problemLimit)
  }

  /// Reads the first line and those after it.
  consuming func read(first: TraceLine, rows lines: TraceLines) throws(TraceError) -> ArrivalTrace {
    var lines = lines
    var next: TraceLine? = first
    while let line = next {
      add(line)
      next = lines.next()
    }
    guard problems.isEmpty else { throw problems.error }
    let outputs = rows.map { Int32($0.outputLength ?? 1) }
    guard let lengths = PairedLengths(inputs: inputs, outputs: outputs) else {
      problems.add(line: 0, "there are no rows; allowed: at least one request")
      throw problems.error
    }
    let times = rows.map { Self.nanoseconds($0.timestamp ?? $0.notBefore ?? 0) }
    let hasHashes = !hashes.isEmpty
    return ArrivalTrace(
      arrivalsNanoseconds: times, lengths: lengths, blockHashes: hashes,
      blockHashOffsets: hasHashes ? offsets : [], blockTokens: hasHashes ? blockTokens : 0,
      graph: RequestGraph(successors: edges, notBeforeNanoseconds: times, sessions: sessions))
  }

  private static func nanoseconds(_ milliseconds: Double) -> Int64 { Int64((milliseconds * 1e6).rounded()) }

  private mutating func add(_ line: TraceLine) {
    let data = Data(bytes: line.bytes.start, count: line.bytes.count)
    guard let row = try? JSONDecoder().decode(Row.self, from: data) else {
      problems.add(
        line: line.number,
        "found \(line.bytes.quoted); allowed: a JSON object with input_length, output_length, timestamp, session_id, …"
      )
      return
    }
    if rows.isEmpty, row.inputLength == nil, let size = row.blockSize {
      guard size >= 1 else {
        problems.add(line: line.number, "block_size is \(size); allowed: 1 or more")
        return
      }
      blockTokens = size
      hasLocalHashes = row.hashScope == "local"
      return
    }
    guard let input = row.inputLength, let output = row.outputLength, input >= 1, output >= 1,
      output <= Int(Int32.max)
    else {
      problems.add(
        line: line.number,
        "input_length or output_length is missing or below 1; allowed: 1 to \(Int32.max) tokens")
      return
    }
    for (name, value) in [
      ("timestamp", row.timestamp), ("not_before_ms", row.notBefore), ("delay", row.delay),
    ] where !(0...1e12).contains(value ?? 0) {
      problems.add(line: line.number, "\(name) is \(value ?? 0); allowed: milliseconds, 0 or more")
      return
    }
    place(row, input: input, output: output, line: line.number)
  }

  /// Adds a row that is well formed in itself.
  private mutating func place(_ row: Row, input: Int, output: Int, line: Int) {
    let number = rows.count
    let name = row.sessionID?.text ?? row.playID?.text
    let session = name.map { sessionNumbers[$0] ?? Int32(sessionNumbers.count) } ?? Int32(-1 - number)
    let before = lastOfSession[session]
    guard let waits = dependencies(of: row, before: before, line: line) else { return }
    if waits.isEmpty, row.timestamp == nil, row.notBefore == nil, format == .aiperf {
      problems.add(line: line, "timestamp is missing; allowed: milliseconds on the first turn of a session")
      return
    }
    // Turns of AIPerf repeat what was asked and answered before.
    let history =
      format == .aiperf ? before.map { Int(inputs[$0]) + (rows[$0].outputLength ?? 0) } ?? 0 : 0
    guard history + input <= Int(Int32.max) else {
      problems.add(line: line, "the prompt has more than \(Int32.max) tokens with all that came before")
      return
    }
    if let name { sessionNumbers[name] = session }
    rows.append(row)
    edges.append([])
    inputs.append(Int32(history + input))
    sessions.append(session)
    lastOfSession[session] = number
    if let id = row.requestID { rowOfRequest[id.text] = number }
    for wait in waits {
      edges[wait.row].append(
        RequestGraph.Edge(
          row: Int32(number), delayNanoseconds: wait.delayNanoseconds, afterAnswer: wait.afterAnswer))
    }
    addHashes(of: row, session: session, before: before, input: history + input)
  }

  private typealias Wait = (row: Int, delayNanoseconds: Int64, afterAnswer: Bool)

  /// What a row waits for; nil where it names a request that is none.
  private mutating func dependencies(of row: Row, before: Int?, line: Int) -> [Wait]? {
    var waits: [Wait] = []
    let delay = Self.nanoseconds(row.delay ?? 0)
    let named =
      (row.waitFor ?? []).map { Dependency(requestID: $0, trigger: nil, delayMilliseconds: row.delay) }
      + (row.dependencies ?? [])
    for dependency in named {
      guard let other = rowOfRequest[dependency.requestID.text] else {
        problems.add(
          line: line,
          "waits for the request '\(dependency.requestID.text)'; allowed: request_ids of earlier lines")
        return nil
      }
      let trigger = dependency.trigger ?? "completion"
      guard trigger == "completion" || trigger == "dispatch" else {
        problems.add(line: line, "trigger is '\(trigger)'; allowed: completion, dispatch")
        return nil
      }
      waits.append((other, Self.nanoseconds(dependency.delayMilliseconds ?? 0), trigger == "completion"))
    }
    if waits.isEmpty, let before, row.timestamp == nil || format == .aiperf {
      waits = [(before, delay, true)]
    }
    return waits
  }

  /// Names of the prompt's whole blocks: as stated, and of later turns that state none, those of the session.
  private mutating func addHashes(of row: Row, session: Int32, before: Int?, input: Int) {
    var stated = row.hashIDs ?? []
    if hasLocalHashes, let play = row.playID?.text {
      let number = playNumbers[play] ?? UInt64(playNumbers.count)
      playNumbers[play] = number
      let scope = RandomMixer.absorb(0x6c6f_6361_6c, number)
      stated = stated.map { RandomMixer.absorb(scope, $0) }
    }
    let whole = input / blockTokens
    if format == .aiperf {
      var chain = before.map { Array(hashes[offsets[$0]..<offsets[$0 + 1]]) } ?? stated
      if chain.count > whole { chain.removeLast(chain.count - whole) }
      while chain.count < whole {
        let block = UInt64(chain.count)
        chain.append(
          RandomMixer.absorb(RandomMixer.absorb(0x7475_726e, UInt64(bitPattern: Int64(session))), block))
      }
      hashes += chain
    } else {
      hashes += stated.prefix((input + blockTokens - 1) / blockTokens)
    }
    offsets.append(hashes.count)
  }
}
