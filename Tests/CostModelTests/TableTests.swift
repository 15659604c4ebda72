import Testing

@testable import CostModel

@Suite("Tables of costs")
struct TableTests {
  @Test(
    "a log-linear index is monotone, exact when small, and never wider than 2^-bits", arguments: [1, 3, 4, 8])
  func index(bits: Int) {
    let index = LogLinearIndex(bits: bits)
    var previous = -1
    for value in 0..<5000 {
      let cell = index.cell(of: value)
      #expect(cell == previous || cell == previous + 1)
      previous = cell
      let low = index.lowerBound(of: cell)
      let high = index.lowerBound(of: cell + 1)
      #expect(low <= value && value < high)
      if value < 2 << bits { #expect(high - low == 1) }
      #expect((high - low) << bits <= max(low, 1 << bits))
    }
    let large = 1 << 50 + 12345
    let cell = index.cell(of: large)
    #expect(index.lowerBound(of: cell) <= large && large < index.lowerBound(of: cell + 1))
  }

  @Test("a knot table is exact for linear functions and at its knots")
  func knots() {
    let table = KnotTable(maximum: 10_000, bits: 4) { argument in
      var cost = CostVector.zero
      cost[.time] = 3 + 0.5 * Double(argument)
      cost[.energy] = Double(argument * argument)
      return cost
    }
    for argument in stride(from: 0, through: 10_000, by: 37) {
      #expect(abs(table.value(at: argument)[.time] - (3 + 0.5 * Double(argument))) < 1e-9)
    }
    #expect(table.value(at: 4096)[.energy] == 4096 * 4096)
    // Half-way between two of 16 knots an octave, x^2 is at most (1/16)^2 / 4 of x^2 too high.
    let middle = table.value(at: 4096 + 128)[.energy] / (4224 * 4224)
    #expect(middle > 1 && middle < 1.001)
  }

  @Test("a context grid is linear in the sum of contexts and says where its piece ends")
  func grid() {
    let grid = ContextGrid(maximumSequences: 512, maximumContext: 8192) { sequences, context in
      var cost = CostVector.zero
      cost[.time] = 1 + 0.001 * Double(sequences * context)
      return cost
    }
    for (n, sum) in [(1, 5), (7, 7 * 100 + 3), (100, 100 * 3000 + 50), (512, 512 * 8000)] {
      let piece = grid.piece(sequences: n, contextSum: Double(sum))
      #expect(abs(piece.value[.time] - (1 + 0.001 * Double(sum))) < 1e-6)
      #expect(abs(piece.slope[.time] - 0.001) < 1e-9)
      #expect(piece.end > sum)
      #expect(piece.end <= sum + sum / 4 + n)
    }
  }

  @Test("bounded contexts count pairs as a walk over positions does")
  func pairs() {
    for bound in [ContextBound.none, .window(tokens: 7), .chunk(tokens: 5)] {
      for past in 0..<20 {
        for new in 0..<20 {
          let walked = (past..<(past + new)).reduce(0) { $0 + bound.context(at: $1 + 1) }
          #expect(bound.pairs(new: new, past: past) == walked)
        }
      }
    }
    #expect(ContextBound.window(tokens: 7).context(at: 100) == 7)
    #expect(ContextBound.chunk(tokens: 5).context(at: 5) == 5)
    #expect(ContextBound.chunk(tokens: 5).context(at: 6) == 1)
  }
}

/// Batch sizes that frameworks capture as graphs.
@Suite("Captured graphs")
struct GraphBucketTests {
  @Test("each framework's own sizes", arguments: Framework.allCases)
  func sizes(_ framework: Framework) {
    let graphs = GraphBuckets.captured(by: framework, batch: 300)
    #expect(graphs.padded(1) == 1 && graphs.padded(3) == 4 && graphs.padded(33) == 40)
    #expect(graphs.padded(250) == 256)
    switch framework {
    case .vllm: #expect(graphs.sizes.last == 512 && graphs.padded(300) == 304 && graphs.padded(513) == 513)
    case .tensorRTLLM: #expect(graphs.padded(129) == 256 && graphs.padded(257) == 300)
    case .sglang: #expect(graphs.padded(9) == 12 && graphs.padded(290) == 300)
    }
    #expect(GraphBuckets.none.padded(37) == 37)
  }

  @Test("a small engine captures no larger batch than it runs, or twice that under vLLM")
  func smallBatches() {
    for framework in Framework.allCases {
      let graphs = GraphBuckets.captured(by: framework, batch: 3)
      #expect((1...3).map(graphs.padded) == (framework == .vllm ? [1, 2, 4] : [1, 2, 3]))
    }
  }

  @Test("steps that only decode cost what their padded batch does, but for what is done for each request")
  func padding() {
    func cost(_ seconds: Double) -> CostVector {
      var vector = CostVector.zero
      vector[.time] = seconds
      return vector
    }
    func table(_ share: Double) -> KnotTable { KnotTable(maximum: 64, bits: 6) { cost(share * Double($0)) } }
    for groups in [1, 4] {
      var costs = StepCostTable(
        decodeBase: .zero, mixedBase: .zero, tokens: table(1), sequences: table(100), rows: table(10_000),
        context: ContextGrid(maximumSequences: 64, maximumContext: 64) { _, _ in .zero }, chunk: table(0),
        attentionGroups: groups)
      costs.graphs = GraphBuckets(sizes: [8, 24])
      // One group of 17, or four of whom the largest has 5 and runs as 8: each of the four is padded as much.
      let first = costs.decodeRun(sequences: 17, contextSum: 17, boundedSum: 0, boundedGrowth: 0).first
      let expected = (groups == 1 ? 24.0 : 17 + 4 * 3) + 17 * 10_100
      #expect(first[.time] == expected)
      #expect(
        costs.mixedCost(sequences: 17, contextSum: 17, boundedSum: 0, chunkTokens: 3, rows: 17)[.time]
          == 20 + 17 * 10_100)
    }
  }
}
