import Foundation

/// Reads recorded requests from a file: CSV of Azure, BurstGPT or a plain one, JSON lines of Mooncake, AIPerf or agents.
///
/// A file is read whole or refused: every problem is named with its line, what was found and what is allowed, the first
/// ones in full. Blank lines don't count; CSV columns may come in any order, and others beside them are ignored.
public struct TraceReader: Sendable {
  /// A format of traces.
  public enum Format: String, Sendable, CaseIterable {
    /// `TIMESTAMP,ContextTokens,GeneratedTokens`: the Azure Public Dataset's LLM traces. Arrivals count from the first.
    case azure
    /// JSON lines with `timestamp` (milliseconds), `input_length`, `output_length` and `hash_ids`: Mooncake's.
    case mooncake
    /// `Timestamp,Request tokens,Response tokens`: BurstGPT's, in seconds. Rows without a response, which are requests
    /// that failed, are left out.
    case burstgpt
    /// JSON lines as Mooncake's with `session_id` and, on later turns, `delay`: AIPerf's, see ``GraphTrace``.
    case aiperf
    /// JSON lines with `request_id`, and `wait_for` or `dependencies`: agents' requests, see ``GraphTrace``.
    case agentic
    /// `arrival_seconds,input_tokens,output_tokens`, seconds from the start of the run.
    case csv
  }

  /// The format; nil to tell it from the first line.
  public var format: Format?
  /// By how much to multiply the request rate: 2 halves all times, so that requests come twice as fast.
  public var rateScale: Double
  /// How many tokens a hash stands for; nil: 512, as in Mooncake's traces, 64 in those of agents.
  public var blockTokens: Int?
  /// How many problems to name in full.
  public var problemLimit: Int

  /// A reader.
  /// - Parameters:
  ///   - format: the format; nil to tell it from the first line.
  ///   - rateScale: by how much to multiply the request rate, > 0.
  ///   - blockTokens: how many tokens a hash stands for, >= 1; nil for what is usual.
  ///   - problemLimit: how many problems to name in full.
  public init(
    format: Format? = nil, rateScale: Double = 1, blockTokens: Int? = nil, problemLimit: Int = 20
  ) {
    self.format = format
    self.rateScale = rateScale
    self.blockTokens = blockTokens
    self.problemLimit = problemLimit
  }

  /// Reads a file.
  /// - Parameter path: where it is.
  /// - Returns: the trace.
  /// - Throws: every problem of the file.
  public func read(path: String) throws(TraceError) -> ArrivalTrace {
    guard FileManager.default.fileExists(atPath: path) else {
      throw failure(path, "there is no such file")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw failure(path, "the file can't be read: \(error.localizedDescription)")
    }
    return try data.withUnsafeBytes { bytes in
      Result { () throws(TraceError) in try read(bytes, name: path) }
    }.get()
  }

  /// Reads a text.
  /// - Parameters:
  ///   - contents: the text of a file.
  ///   - name: what messages call it.
  /// - Returns: the trace.
  /// - Throws: every problem of the text.
  public func read(contents: String, name: String) throws(TraceError) -> ArrivalTrace {
    var contents = contents
    return try contents.withUTF8 { bytes in
      Result { () throws(TraceError) in try read(UnsafeRawBufferPointer(bytes), name: name) }
    }.get()
  }

  private func read(_ raw: UnsafeRawBufferPointer, name: String) throws(TraceError) -> ArrivalTrace {
    guard rateScale > 0, rateScale.isFinite else {
      throw failure(name, "rate_scale is \(rateScale); allowed: above 0")
    }
    if let blockTokens, blockTokens < 1 {
      throw failure(name, "block_tokens is \(blockTokens); allowed: 1 or more")
    }
    guard let start = raw.bindMemory(to: UInt8.self).baseAddress, raw.count > 0 else {
      throw failure(name, "the file is empty; allowed: \(Self.formatsInWords)")
    }
    var lines = TraceLines(TraceBytes(start: start, count: raw.count))
    guard let first = lines.next() else {
      throw failure(name, "the file is empty; allowed: \(Self.formatsInWords)")
    }
    guard let format = format ?? Self.detected(first.bytes) else {
      throw TraceError(
        problems: [
          TraceProblem(
            file: name, line: first.number,
            reason: "the first line is \(first.bytes.quoted); allowed: \(Self.formatsInWords)")
        ], omitted: 0)
    }
    // Rows of these formats are rarely shorter than 30 bytes.
    let builder = TraceBuilder(file: name, problemLimit: problemLimit, expectedRows: raw.count / 30)
    let trace: ArrivalTrace
    switch format {
    case .azure:
      trace = try CSVTrace(columns: .azure, builder: builder).read(header: first, rows: lines)
    case .csv:
      trace = try CSVTrace(columns: .plain, builder: builder).read(header: first, rows: lines)
    case .burstgpt:
      trace = try CSVTrace(columns: .burstGPT, builder: builder).read(header: first, rows: lines)
    case .mooncake:
      trace = try MooncakeTrace(blockTokens: blockTokens ?? 512, builder: builder).read(
        first: first, rows: lines)
    case .aiperf, .agentic:
      trace = try GraphTrace(
        format: format, blockTokens: blockTokens ?? (format == .agentic ? 64 : 512), file: name,
        problemLimit: problemLimit
      ).read(first: first, rows: lines)
    }
    return rateScale == 1 ? trace : trace.scaled(rateScale: rateScale)
  }

  private func failure(_ name: String, _ reason: String) -> TraceError {
    TraceError(problems: [TraceProblem(file: name, line: 0, reason: reason)], omitted: 0)
  }

  /// Tells the format from the first line: a JSON object, or the names of columns.
  private static func detected(_ line: TraceBytes) -> Format? {
    if line[0] == UInt8(ascii: "{") { return detectedJSON(line) }
    let found = [(Format.azure, TraceColumns.azure), (.csv, .plain), (.burstgpt, .burstGPT)].map {
      (format: $0.0, columns: $0.1.namesFound(in: line))
    }
    let most = found.map(\.columns).max() ?? 0
    return most == 0 ? nil : found.first { $0.columns == most }?.format
  }

  /// Tells formats of JSON lines apart by the keys of the first.
  private static func detectedJSON(_ line: TraceBytes) -> Format {
    var format = Format.mooncake
    _ = JSONObjectScanner(line).forEachMember { key, _ in
      if key.isEqual(to: "session_id"), format == .mooncake { format = .aiperf }
      if key.isEqual(to: "request_id") || key.isEqual(to: "block_size") { format = .agentic }
    }
    return format
  }

  private static let formatsInWords =
    "'\(TraceColumns.azure.inWords)' (azure), '\(TraceColumns.plain.inWords)' (csv), "
    + "'\(TraceColumns.burstGPT.inWords)' (burstgpt), "
    + "or lines of JSON with timestamp, input_length and output_length (mooncake; aiperf with session_id, agentic "
    + "with request_id)"
}

/// One line of a trace.
struct TraceLine {
  /// The line's number, from 1.
  let number: Int
  /// What it holds, without the line's end and blanks around it.
  let bytes: TraceBytes
}

/// The lines of a trace that hold something.
struct TraceLines: IteratorProtocol {
  private let bytes: TraceBytes
  private var position: Int
  private var number = 0

  /// The lines of some bytes, a byte order mark skipped.
  init(_ bytes: TraceBytes) {
    self.bytes = bytes
    let hasMark = bytes.count >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf
    position = hasMark ? 3 : 0
  }

  mutating func next() -> TraceLine? {
    while position < bytes.count {
      let end = bytes.position(of: UInt8(ascii: "\n"), from: position)
      let hasReturn = end > position && bytes[end - 1] == UInt8(ascii: "\r")
      let line = bytes[position..<(hasReturn ? end - 1 : end)].trimmed
      position = end + 1
      number += 1
      if line.count > 0 { return TraceLine(number: number, bytes: line) }
    }
    return nil
  }
}
