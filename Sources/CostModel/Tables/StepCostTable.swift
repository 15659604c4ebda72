/// The cost of engine steps of one replica type, tabulated: a few lookups a step, no string, no dictionary.
///
/// A step processes `tokens` = decoding sequences + prompt-chunk tokens in one forward pass. Its cost is the sum of
/// a fixed part, a part in the number of tokens, one in the number of decoding sequences, one in the rows that reach
/// the output projection, attention over the context of decoding sequences, and attention of each prompt chunk.
@frozen
public struct StepCostTable: Sendable {
  /// Fixed cost of a step that only decodes.
  public var decodeBase: CostVector
  /// Fixed cost of a step that also processes prompt chunks.
  public var mixedBase: CostVector
  /// Cost of everything that works on each token of a step that only decodes, by the number of tokens; with attention
  /// groups, of what they share.
  public var tokens: KnotTable
  /// The same of a step with prompt chunks.
  public var mixedTokens: KnotTable
  /// Cost of what an attention group does for tokens of its own in a step that only decodes, by their number in the
  /// busiest group.
  public var groupTokens: KnotTable?
  /// The same of a step with prompt chunks.
  public var mixedGroupTokens: KnotTable?
  /// Cost of what each decoding sequence adds apart from its context, by their number.
  public var sequences: KnotTable
  /// Cost of the output projection and sampling, by rows.
  public var rows: KnotTable
  /// Attention of decoding sequences over their whole context.
  public var context: ContextGrid
  /// Attention of decoding sequences in layers that see a bounded context.
  public var boundedContext: ContextGrid?
  /// Attention of prompt chunks, by twice the number of (query, key) pairs.
  public var chunk: KnotTable
  /// Attention of prompt chunks in layers that see a bounded context.
  public var boundedChunk: KnotTable?
  /// How layers with a bounded context bound it.
  public var bound: ContextBound
  /// Groups of accelerators that attend for requests of their own, >= 1: prompts of one step run side by side.
  public var attentionGroups: Int
  /// Whether those groups share each prompt rather than take prompts of their own.
  public var splitsPrompts = false
  /// What the host does for a step beside the accelerators, by decoding sequences: a step lasts at least as long; nil:
  /// it is part of the step.
  public var host: KnotTable?
  /// Tokens that each decoding sequence brings to a step, >= 1: more than one under speculative decoding.
  public var queries = 1
  /// What the batch of a step that only decodes is padded to, by attention group.
  public var graphs = GraphBuckets.none
  /// What a standard deviation of the load of busiest expert ranks adds to a step that only decodes, by its tokens; nil
  /// where steps are at their mean.
  public var loadDeviation: KnotTable?
  /// The same of a step with prompt chunks.
  public var mixedLoadDeviation: KnotTable?
  /// What the mean draw of a step is held to; nil: nothing.
  public var hold: PowerHold?
  /// Cost of reading the adapters of a step, by its sequences, prompts included; nil where there are none.
  ///
  /// What adapters cost for each token is in ``tokens``.
  public var adapterWeights: KnotTable?

  /// Assembles a table from its parts.
  public init(
    decodeBase: CostVector, mixedBase: CostVector, tokens: KnotTable, groupTokens: KnotTable? = nil,
    sequences: KnotTable,
    rows: KnotTable, context: ContextGrid, boundedContext: ContextGrid? = nil, chunk: KnotTable,
    boundedChunk: KnotTable? = nil, bound: ContextBound = .none,
    attentionGroups: Int = 1
  ) {
    mixedTokens = tokens
    mixedGroupTokens = groupTokens
    self.decodeBase = decodeBase
    self.mixedBase = mixedBase
    self.tokens = tokens
    self.groupTokens = groupTokens
    self.sequences = sequences
    self.rows = rows
    self.context = context
    self.boundedContext = boundedContext
    self.chunk = chunk
    self.boundedChunk = boundedChunk
    self.bound = bound
    self.attentionGroups = attentionGroups
  }

  /// The cost of attending from `new` prompt tokens to `past` cached ones and, causally, to themselves.
  @inlinable
  public func chunkCost(new: Int, past: Int) -> CostVector {
    var cost = chunk.value(at: min(new * (new + 1 + 2 * past), chunk.maximum))
    if let boundedChunk {
      cost += boundedChunk.value(at: min(2 * bound.pairs(new: new, past: past), boundedChunk.maximum))
    }
    return cost
  }

  /// Tokens of decoding sequences in the attention group that has the most of `n`, spread evenly.
  @inlinable
  func largestShare(sequences n: Int) -> Int { (n + attentionGroups - 1) / attentionGroups * queries }

  /// The cost of one step that decodes `sequences` and runs prompt chunks, without the chunks' own attention.
  ///
  /// - Parameters:
  ///   - n: decoding sequences, >= 0.
  ///   - contextSum: sum of their contexts in this step, in tokens.
  ///   - boundedSum: the same sum in layers with a bounded context.
  ///   - chunkTokens: prompt tokens in this step.
  ///   - rowCount: rows that reach the output projection: ``queries`` of each decoding sequence, and one of each
  ///     prompt that ends.
  ///   - largestChunk: prompt tokens of the longest chunk, which one attention group works on alone.
  ///   - prompts: prompts that chunks are of.
  /// - Returns: the cost of the step, all lanes.
  @inlinable
  public func mixedCost(
    sequences n: Int, contextSum: Double, boundedSum: Double, chunkTokens: Int, rows rowCount: Int,
    largestChunk: Int = 0, prompts: Int = 0
  ) -> CostVector {
    let all = n * queries + chunkTokens
    var cost = mixedBase + mixedTokens.value(at: all) + rows.value(at: rowCount)
    if let adapterWeights { cost += adapterWeights.value(at: min(n + prompts, adapterWeights.maximum)) }
    if let mixedGroupTokens {
      // Prompts are dealt to groups as evenly as they go; the step waits for the largest share.
      let even = (all + attentionGroups - 1) / attentionGroups
      let busiest = splitsPrompts ? even : max(even, largestShare(sequences: n) + largestChunk)
      cost += mixedGroupTokens.value(at: min(busiest, mixedGroupTokens.maximum))
    }
    if n > 0 {
      cost += sequences.value(at: n)
      cost += context.piece(sequences: n, contextSum: contextSum).value
      if let boundedContext {
        cost += boundedContext.piece(sequences: n, contextSum: boundedSum).value
      }
    }
    return cost
  }

  /// What a standard deviation of expert loads adds to a step that decodes `sequences` and runs `chunkTokens` tokens of
  /// prompts; nil where steps are at their mean.
  public func deviation(sequences n: Int, chunkTokens: Int) -> CostVector? {
    guard chunkTokens == 0 else {
      return mixedLoadDeviation.map { $0.value(at: min(n * queries + chunkTokens, $0.maximum)) }
    }
    return loadDeviation.map {
      let share = (n + attentionGroups - 1) / attentionGroups
      let padding = graphs.padded(share) - share
      return $0.value(at: min((n + padding * attentionGroups) * queries, $0.maximum))
    }
  }

  /// The linear piece that a run of decode-only steps starts in.
  ///
  /// - Parameters:
  ///   - n: decoding sequences, >= 1.
  ///   - contextSum: sum of their contexts in the first step, in tokens.
  ///   - contextGrowth: growth of that sum from one step to the next, > 0; nil for a token of each sequence.
  ///   - boundedSum: the same sum in layers with a bounded context.
  ///   - boundedGrowth: growth of `boundedSum` from one step to the next, in 0...contextGrowth.
  /// - Returns: the cost of the first step, what each further step adds, and how many steps stay in the piece.
  @inlinable
  public func decodeRun(
    sequences n: Int, contextSum: Double, growth contextGrowth: Double? = nil, boundedSum: Double,
    boundedGrowth: Double
  ) -> (first: CostVector, growth: CostVector, steps: Int) {
    let contextGrowth = contextGrowth ?? Double(n)
    let share = (n + attentionGroups - 1) / attentionGroups
    let padding = graphs.padded(share) - share
    let all = min((n + padding * attentionGroups) * queries, tokens.maximum)
    var first = decodeBase + tokens.value(at: all) + sequences.value(at: n) + rows.value(at: n * queries)
    if let groupTokens {
      first += groupTokens.value(at: min((share + padding) * queries, groupTokens.maximum))
    }
    if let adapterWeights { first += adapterWeights.value(at: n) }
    let piece = context.piece(sequences: n, contextSum: contextSum)
    first += piece.value
    var growth = piece.slope * contextGrowth
    let span = (
      (Double(piece.start) - contextSum) / contextGrowth, (Double(piece.end) - contextSum) / contextGrowth
    )
    var steps = span.1.rounded(.up)
    if let boundedContext {
      let bounded = boundedContext.piece(sequences: n, contextSum: boundedSum)
      first += bounded.value
      if boundedGrowth > 0 {
        growth += bounded.slope * boundedGrowth
        steps = min(steps, ((Double(bounded.end) - boundedSum) / boundedGrowth).rounded(.up))
      }
    }
    // A tight limit makes kernels longer, which the host then waits for or doesn't; the limit that kernels were timed under
    // holds the mean of both.
    if let hold, hold.isTight { self.hold(tightlyTo: hold, &first, &growth, span: span) }
    if let host { wait(for: host.value(at: n), &first, &growth, &steps) }
    if let hold, !hold.isTight { self.hold(to: hold, &first, &growth, &steps) }
    return (first, growth, max(Int(steps), 1))
  }

  /// Lets steps that would be over before the host has done its part last as long as that; the run then ends where they
  /// no longer would.
  @inlinable
  func wait(
    for host: CostVector, _ first: inout CostVector, _ growth: inout CostVector, _ steps: inout Double
  ) {
    let idle = host[.time] - first[.time]
    guard idle > 0 else { return }
    let perSecond = host * (1 / host[.time])
    first += perSecond * idle
    guard growth[.time] > 0 else { return }
    steps = min(steps, max((idle / growth[.time]).rounded(.down), 1))
    growth -= perSecond * growth[.time]
    // Rounding must not make steps shorter and shorter.
    growth[.time] = 0
  }

  /// A step as the power limit and the host leave it.
  ///
  /// - Parameters:
  ///   - cost: the sum of all its parts.
  ///   - n: decoding sequences in it, which the host works on.
  /// - Returns: the cost of a step that draws no more than the limit and lasts at least as long as the host needs.
  @inlinable
  public func completed(_ cost: CostVector, sequences n: Int) -> CostVector {
    var cost = cost
    if let hold, hold.isTight { cost = hold.held(cost) }
    if let host {
      let bound = host.value(at: n)
      let idle = bound[.time] - cost[.time]
      if idle > 0 { cost += bound * (idle / bound[.time]) }
    }
    if let hold, !hold.isTight, hold.excess(cost) > 0 { cost[.energy] = hold.watts * cost[.time] }
    return cost
  }
}

/// How a layer bounds the context that a token attends to.
@frozen
public enum ContextBound: Sendable, Equatable {
  /// It does not.
  case none
  /// The last `tokens` tokens, itself included (sliding window).
  case window(tokens: Int)
  /// The tokens of its own chunk of `tokens` tokens up to itself (chunked attention).
  case chunk(tokens: Int)

  /// The context that the token at 1-based position `position` attends to.
  @inlinable
  public func context(at position: Int) -> Int {
    switch self {
    case .none: position
    case .window(let tokens): min(position, tokens)
    case .chunk(let tokens): (position - 1) % tokens + 1
    }
  }

  /// The number of (query, key) pairs of `new` tokens that follow `past` ones.
  ///
  /// O(1).
  @inlinable
  public func pairs(new: Int, past: Int) -> Int { pairs(upTo: past + new) - pairs(upTo: past) }

  @inlinable
  func pairs(upTo position: Int) -> Int {
    switch self {
    case .none: return position * (position + 1) / 2
    case .window(let tokens):
      let rising = min(position, tokens)
      return rising * (rising + 1) / 2 + (position - rising) * tokens
    case .chunk(let tokens):
      let (whole, rest) = position.quotientAndRemainder(dividingBy: tokens)
      return whole * (tokens * (tokens + 1) / 2) + rest * (rest + 1) / 2
    }
  }
}
