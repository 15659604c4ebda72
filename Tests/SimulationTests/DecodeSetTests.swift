import CostModel
import Testing

@testable import Simulation

/// INV-9: what a batch of decoding requests keeps for all of them is what each of them adds up to.
@Suite("INV-9: sums over the batch are what its requests add up to")
struct DecodeSetTests {
  /// A decoding request, one by one.
  private struct Sequence {
    let slot: Int32
    var context: Int
    var left: Int
  }

  @Test("joins, steps, ends and preemptions at random", arguments: 0..<200)
  func bruteForce(seed: Int) {
    var cases = CaseGenerator(seed)
    let bound: ContextBound = cases.pick([.none, .window(tokens: 9), .chunk(tokens: 7), .chunk(tokens: 1)])
    let blockTokens = cases.pick([1, 2, 5, 16])
    var set = DecodeSet(replica: 3, bound: bound, blockTokens: blockTokens, tracksBlocks: true)
    var pool = RequestPool()
    var sequences: [Sequence] = []
    for _ in 0..<300 {
      switch cases.int(0...3) {
      case 0:
        sequences.append(join(&set, &pool, input: cases.int(1...40), output: cases.int(2...30), &cases))
      case 1 where !sequences.isEmpty:
        // Preempted: leaves in the middle of its answer.
        let sequence = sequences.remove(at: cases.int(0...(sequences.count - 1)))
        set.leave(&pool[sequence.slot])
        pool[sequence.slot].state = .waiting
        pool.remove(sequence.slot)
      case _ where !sequences.isEmpty:
        let steps = cases.int(1...min(set.stepsToNextChange, 50))
        #expect(steps <= sequences.map(\.left).min() ?? 0)
        advance(&set, &pool, &sequences, steps: steps, bound: bound)
      default: break
      }
      compare(set, sequences, bound: bound, blockTokens: blockTokens, &cases)
    }
  }

  private func join(
    _ set: inout DecodeSet, _ pool: inout RequestPool, input: Int, output: Int, _ cases: inout CaseGenerator
  ) -> Sequence {
    var request = Request()
    request.state = .prefilling
    request.replica = 3
    request.input = Int32(input)
    request.output = Int32(output)
    request.generated = Int32(cases.int(0...(output - 2)))
    let generated = Int(request.generated)
    let slot = pool.insert(request)
    set.join(slot, &pool[slot], having: pool[slot].generated + 1)
    #expect(set.tokensOut(of: pool[slot]) == generated + 1)
    return Sequence(slot: slot, context: input + generated + 1, left: output - generated - 1)
  }

  private func advance(
    _ set: inout DecodeSet, _ pool: inout RequestPool, _ sequences: inout [Sequence], steps: Int,
    bound: ContextBound
  ) {
    set.advance(steps)
    for index in sequences.indices {
      sequences[index].context += steps
      sequences[index].left -= steps
    }
    var finished: [Int32] = []
    while let slot = set.popFinished(pool) {
      finished.append(slot)
      set.leave(&pool[slot])
      pool.remove(slot)
    }
    #expect(finished.sorted() == sequences.filter { $0.left == 0 }.map(\.slot).sorted())
    sequences.removeAll { $0.left == 0 }
    if bound != .none { _ = set.applyBoundEvents(&pool) }
  }

  private func compare(
    _ set: DecodeSet, _ sequences: [Sequence], bound: ContextBound, blockTokens: Int,
    _ cases: inout CaseGenerator
  ) {
    #expect(set.count == sequences.count)
    #expect(set.contextSum == Double(sequences.reduce(0) { $0 + $1.context }))
    if bound != .none {
      #expect(set.boundedSum == Double(sequences.reduce(0) { $0 + keys(bound, at: $1.context).count }))
    }
    guard !sequences.isEmpty else { return }
    #expect(set.stepsToNextChange >= 1)
    // A request takes a block in the steps whose position begins one.
    let skipping = cases.int(0...20)
    let steps = cases.int(0...40)
    func demand(_ range: Range<Int>) -> Int {
      range.reduce(0) { sum, step in
        sum + sequences.count { ($0.context + step - 1) % blockTokens == 0 }
      }
    }
    #expect(set.blockDemand(steps: steps, skipping: skipping) == demand(skipping..<skipping + steps))
    let free = cases.int(0...60)
    let limit = cases.int(0...50)
    let fitting = (0...limit).last { demand(skipping..<skipping + $0) <= free }
    #expect(set.steps(fitting: free, skipping: skipping, limit: limit) == fitting)
  }

  /// The 1-based positions that the token at `position` sees, one by one.
  private func keys(_ bound: ContextBound, at position: Int) -> [Int] {
    (1...position).filter { key in
      switch bound {
      case .none: true
      case .window(let tokens): position - key < tokens
      case .chunk(let tokens): (key - 1) / tokens == (position - 1) / tokens
      }
    }
  }

  @Test(
    "contexts and pairs of bounded attention",
    arguments: [ContextBound.none, .window(tokens: 5), .chunk(tokens: 5)])
  func pairs(bound: ContextBound) {
    for position in 1..<40 { #expect(bound.context(at: position) == keys(bound, at: position).count) }
    for past in 0..<20 {
      for new in 1..<20 {
        let expected = (past + 1...past + new).reduce(0) { $0 + keys(bound, at: $1).count }
        #expect(bound.pairs(new: new, past: past) == expected)
      }
    }
  }

  @Test("a run of decode steps costs what its steps cost one by one", arguments: 0..<100)
  func decodeRun(seed: Int) {
    var cases = CaseGenerator(seed)
    func cost(_ seconds: Double) -> CostVector {
      var vector = CostVector.zero
      vector[.time] = seconds
      return vector
    }
    // Costs that are nowhere linear, so that knots matter.
    let table = StepCostTable(
      decodeBase: cost(1), mixedBase: cost(2),
      tokens: KnotTable(maximum: 500, bits: 3) { cost(Double($0).squareRoot()) },
      sequences: KnotTable(maximum: 500, bits: 3) { cost(Double($0 * $0) * 1e-3) },
      rows: KnotTable(maximum: 500, bits: 3) { cost(Double($0) * 0.1) },
      context: ContextGrid(maximumSequences: 500, maximumContext: 5000) {
        cost(Double($0) * Double($1).squareRoot())
      },
      boundedContext: ContextGrid(maximumSequences: 500, maximumContext: 5000) {
        cost(Double($0).squareRoot() * Double($1) * 1e-2)
      },
      chunk: KnotTable(maximum: 1000, bits: 3) { cost(Double($0)) }, bound: .window(tokens: 50))
    let n = cases.int(1...500)
    let contextSum = n * cases.int(1...4000) + cases.int(0...(n - 1))
    let boundedSum = n * cases.int(1...40) + cases.int(0...(n - 1))
    let growth = cases.int(0...n)
    let run = table.decodeRun(
      sequences: n, contextSum: Double(contextSum), boundedSum: Double(boundedSum),
      boundedGrowth: Double(growth))
    #expect(run.steps >= 1)
    for step in Set([0, run.steps / 2, run.steps - 1]) {
      let alone = table.decodeRun(
        sequences: n, contextSum: Double(contextSum + step * n),
        boundedSum: Double(boundedSum + step * growth),
        boundedGrowth: Double(growth)
      ).first[.time]
      let inRun = run.first[.time] + run.growth[.time] * Double(step)
      #expect(abs(inRun - alone) <= 1e-12 * alone)
    }
    // At knots nothing is interpolated: n a power of two, contexts on a power of two.
    let exact = table.decodeRun(
      sequences: 256, contextSum: 256 * 1024, boundedSum: 256 * 32, boundedGrowth: 0)
    // 1 + √256 + 256²/1000 + 256/10 + 256 · √1024 + √256 · 32/100
    let expected: Double = 8305.256
    #expect(abs(exact.first[.time] - expected) < 1e-9)
  }
}
