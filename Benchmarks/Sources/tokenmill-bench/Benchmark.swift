/// What a benchmark looks at.
enum Tier: String, CaseIterable, Sendable {
  /// Operations that every event pays for.
  case frequent
  /// One step of an engine.
  case targeted
  /// Whole runs.
  case simulation
  /// The same runs at growing sizes: minutes, and hundreds of megabytes.
  case growth
  /// The plain run with one feature on.
  case feature
}

/// What one pass of a benchmark did.
struct Pass {
  /// Operations done: the denominator of every figure.
  var operations: Int
  /// A digest of everything computed: equal on every machine and in every pass, or something is wrong.
  var checksum: UInt64
  /// What else is worth a column, such as engine steps.
  var counts: [String: Double] = [:]
}

/// Something to measure.
struct Benchmark: Sendable {
  let name: String
  let tier: Tier
  /// What one operation is.
  let unit: String
  /// Prepares, unmeasured, what the returned closure then does once a call, measured.
  let prepare: @Sendable () async throws -> (@Sendable () async -> Pass)
}

/// A running digest (FNV-1a over 64-bit words).
struct Checksum {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01b3 }
  mutating func add(_ word: Int64) { add(UInt64(bitPattern: word)) }
  mutating func add(_ word: Int) { add(UInt64(bitPattern: Int64(word))) }
  mutating func add(_ word: Double) { add(word.bitPattern) }
}
