/// The columns of a trace as its rows are read, with the checks that every format shares.
struct TraceBuilder {
  /// What is wrong so far.
  var problems: TraceProblemList
  private var arrivals: [Int64] = []
  private var inputs: [Int32] = []
  private var outputs: [Int32] = []
  private(set) var blockHashes: [UInt64] = []
  private var blockHashOffsets: [Int] = []
  private var lastLine = 0

  /// An empty trace of a file.
  /// - Parameters:
  ///   - file: its name, for messages.
  ///   - problemLimit: how many problems to keep in full.
  ///   - expectedRows: how many rows there may be.
  init(file: String, problemLimit: Int, expectedRows: Int) {
    problems = TraceProblemList(file: file, limit: problemLimit)
    arrivals.reserveCapacity(expectedRows)
    inputs.reserveCapacity(expectedRows)
    outputs.reserveCapacity(expectedRows)
  }

  /// Adds a row, or notes that it comes before the last one.
  mutating func append(line: Int, nanoseconds: Int64, input: Int32, output: Int32) {
    if let last = arrivals.last, nanoseconds < last {
      problems.add(
        line: line,
        "arrives \(Self.seconds(last - nanoseconds)) s before line \(lastLine); "
          + "allowed: rows in order of arrival (sort the file by its times)")
      return
    }
    arrivals.append(nanoseconds)
    inputs.append(input)
    outputs.append(output)
    lastLine = line
  }

  /// The tokens that a field spells; notes a problem and gives nil when it is not 1 or more.
  mutating func tokens(_ field: TraceBytes, line: Int, name: String) -> Int32? {
    guard let value = field.wholeNumber, value >= 1, value <= Int64(Int32.max) else {
      problems.add(line: line, "\(name) is \(field.quoted); allowed: 1 to \(Int32.max) tokens")
      return nil
    }
    return Int32(value)
  }

  /// Adds a hash to the row that is being read.
  mutating func append(blockHash: UInt64) {
    blockHashes.append(blockHash)
  }

  /// Ends the hashes of the last row, or drops those of a row that was refused.
  mutating func endBlockHashes() {
    if blockHashOffsets.isEmpty { blockHashOffsets.append(0) }
    if blockHashOffsets.count == arrivals.count {
      blockHashOffsets.append(blockHashes.count)
    } else {
      blockHashes.removeSubrange((blockHashOffsets.last ?? 0)...)
    }
  }

  /// The trace of the rows, or every problem.
  /// - Parameters:
  ///   - isRelative: whether times count from the first arrival.
  ///   - blockTokens: how many tokens a hash stands for.
  /// - Returns: the trace.
  /// - Throws: every problem, or that there are no rows.
  func trace(isRelative: Bool, blockTokens: Int = 0) throws(TraceError) -> ArrivalTrace {
    guard problems.isEmpty else { throw problems.error }
    guard let first = arrivals.first, let lengths = PairedLengths(inputs: inputs, outputs: outputs) else {
      var problems = self.problems
      problems.add(line: 0, "there are no rows; allowed: at least one request")
      throw problems.error
    }
    let hasHashes = !blockHashes.isEmpty
    return ArrivalTrace(
      arrivalsNanoseconds: isRelative ? arrivals.map { $0 - first } : arrivals, lengths: lengths,
      blockHashes: blockHashes, blockHashOffsets: hasHashes ? blockHashOffsets : [],
      blockTokens: hasHashes ? blockTokens : 0)
  }

  /// Nanoseconds as seconds with nine decimals.
  private static func seconds(_ nanoseconds: Int64) -> String {
    let fraction = String(nanoseconds % 1_000_000_000)
    return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
  }
}
