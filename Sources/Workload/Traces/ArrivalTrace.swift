/// Recorded requests: when each arrived, how long its prompt and its answer were.
public struct ArrivalTrace: Sendable, Equatable {
  /// When each request arrived, in nanoseconds from the start of the trace, in order.
  public let arrivalsNanoseconds: [Int64]
  /// The prompt and answer length of each request, in tokens, in order of arrival.
  public let lengths: PairedLengths
  /// The hashes of all requests' prompt blocks, one request after another; empty where the trace has none.
  ///
  /// Equal hashes are equal blocks after equal prefixes.
  public let blockHashes: [UInt64]
  /// Where each request's hashes start in ``blockHashes``, and after the last request where they end; empty where
  /// the trace has none.
  public let blockHashOffsets: [Int]
  /// How many tokens one hash stands for; 0 where the trace has no hashes.
  public let blockTokens: Int
  /// Which rows wait for others; nil where each arrives at its own time.
  public let graph: RequestGraph?

  /// A trace of columns that a reader has checked.
  init(
    arrivalsNanoseconds: [Int64], lengths: PairedLengths, blockHashes: [UInt64] = [],
    blockHashOffsets: [Int] = [], blockTokens: Int = 0, graph: RequestGraph? = nil
  ) {
    precondition(arrivalsNanoseconds.count == lengths.inputs.count, "a trace with columns of unequal length")
    self.arrivalsNanoseconds = arrivalsNanoseconds
    self.lengths = lengths
    self.blockHashes = blockHashes
    self.blockHashOffsets = blockHashOffsets
    self.blockTokens = blockTokens
    self.graph = graph
  }

  /// How many requests there are.
  public var count: Int { arrivalsNanoseconds.count }

  /// The prompt length of each request, in tokens.
  public var inputTokens: [Int32] { lengths.inputs }

  /// The answer length of each request, in tokens.
  public var outputTokens: [Int32] { lengths.outputs }

  /// The arrivals alone, for an ``ArrivalGenerator``: where rows wait for others, of those that don't.
  public var arrivals: ArrivalProcess {
    .trace(
      arrivalsNanoseconds: graph.map { graph in
        graph.roots.map { graph.notBeforeNanoseconds[Int($0)] }
      } ?? arrivalsNanoseconds)
  }

  /// The hashes of one request's prompt blocks, in order; empty where the trace has none.
  public func blockHashes(ofRequest index: Int) -> ArraySlice<UInt64> {
    guard !blockHashOffsets.isEmpty else { return [] }
    return blockHashes[blockHashOffsets[index]..<blockHashOffsets[index + 1]]
  }

  /// The same requests at a multiple of their rate: times are divided by the factor.
  /// - Parameter rateScale: > 0; 2 gives twice the requests per second, over half the time.
  /// - Returns: the trace with new times.
  public func scaled(rateScale: Double) -> ArrivalTrace {
    precondition(rateScale > 0 && rateScale.isFinite, "a rate can't be scaled by \(rateScale)")
    return ArrivalTrace(
      arrivalsNanoseconds: arrivalsNanoseconds.map { Self.scaledNanoseconds($0, rateScale: rateScale) },
      lengths: lengths, blockHashes: blockHashes, blockHashOffsets: blockHashOffsets,
      blockTokens: blockTokens,
      graph: graph?.scaled(rateScale: rateScale))
  }

  /// A time divided by the rate's factor, rounded to a nanosecond; a factor of 1 changes nothing.
  static func scaledNanoseconds(_ nanoseconds: Int64, rateScale: Double) -> Int64 {
    if rateScale == 1 { return nanoseconds }
    let scaled = (Double(nanoseconds) / rateScale).rounded()
    // Beyond the horizon the generator ends; the cap keeps the conversion from overflowing.
    return Int64(min(scaled, Double(ArrivalGenerator.horizonNanoseconds)))
  }
}
