import Models
import Testing

@testable import CostModel

/// Loads of the busiest rank and group in the costs of steps.
@Suite("Loads of the slowest part")
struct LoadTests {
  private func wide(_ change: (inout ReplicaDesign) -> Void = { _ in }) throws -> StepCostTable {
    var wide = try design(
      "deepseek-r1", on: "gb200-nvl72", weights: .nvfp4, activations: .nvfp4, cache: .fp8, expert: 32,
      attentionData: 32, framework: .tensorRTLLM)
    change(&wide)
    return wide.stepCosts(maximumBatchSize: 4096, maximumBatchTokens: 4096, maximumContextTokens: 4096)
  }

  /// Loads that are the same for all numbers of tokens.
  private func loads(
    tokens: Double = 1, touched: Double = 1, received: Double = 1, deviation: Double = 0
  ) -> ExpertLoads {
    func ratio(_ mean: Double) -> ExpertLoads.Ratio {
      ExpertLoads.Ratio(
        mean: LoadCurve(knots: [1], values: [mean]), deviation: LoadCurve(knots: [1], values: [deviation]))
    }
    return ExpertLoads(
      experts: 256, perToken: 8, tokens: ratio(tokens), touched: ratio(touched), received: ratio(received))
  }

  private func step(_ table: StepCostTable, sequences: Int = 2048) -> CostVector {
    table.decodeRun(
      sequences: sequences, contextSum: Double(sequences * 1500), boundedSum: 0, boundedGrowth: 0
    ).first
  }

  @Test("loads as calibrated change nothing at all")
  func neutral() throws {
    let plain = step(try wide())
    #expect(step(try wide { $0.expertLoads = [self.loads()] }) == plain)
    #expect(
      step(try wide { $0.expertLoads = [ExpertLoads(other: self.loads(tokens: 9))] }) == plain,
      "loads of another mixture")
    let knots = LoadCurve.knots(upTo: 4096)
    let even = GroupLoads(
      sequences: LoadCurve(knots: knots, values: knots.map { Double(($0 + 31) / 32) }),
      context: LoadCurve(knots: knots, values: knots.map { max(1, Double($0) / 32) }))
    let grouped = step(try wide { $0.groupLoads = even })
    #expect(abs(grouped[.time] / plain[.time] - 1) < 1e-3)
  }

  @Test("more tokens on the busiest rank take arithmetic, more experts weights, more that come links")
  func parts() throws {
    let plain = step(try wide())
    let tokens = step(try wide { $0.expertLoads = [self.loads(tokens: 2)] })
    let touched = step(try wide { $0.expertLoads = [self.loads(touched: 0.5)] })
    #expect(tokens[.experts] > plain[.experts] && tokens[.experts] < 2 * plain[.experts])
    #expect(tokens[.compute] > plain[.compute] && tokens[.collective] == plain[.collective])
    #expect(touched[.experts] < plain[.experts] && touched[.memory] < plain[.memory])
    func links(_ received: Double) throws -> Double {
      step(try wide { $0.expertLoads = [self.loads(received: received)] })[.collective]
    }
    // 58 layers x bytes; latencies stay. Twice as much more takes twice as much longer.
    let once = try links(2) - plain[.collective]
    #expect(once > 0)
    #expect(abs((try links(3) - plain[.collective]) / once - 2) < 1e-9)
    for cost in [tokens, touched] {
      #expect(abs(CostLane.operators.reduce(0) { $0 + cost[$1] } / cost[.time] - 1) < 1e-12)
      #expect(abs(CostLane.limits.reduce(0) { $0 + cost[$1] } / cost[.time] - 1) < 1e-12)
    }
  }

  @Test("a deviation of the load is one of the step, smaller by the root of the layers")
  func deviations() throws {
    let table = try wide {
      $0.expertLoads = [self.loads(deviation: 0.1)]
      $0.drawsExpertLoads = true
    }
    let deviation = try #require(table.deviation(sequences: 2048, chunkTokens: 0))
    let higher = step(try wide { $0.expertLoads = [self.loads(tokens: 1.1, touched: 1.1, received: 1.1)] })
    let lower = step(try wide { $0.expertLoads = [self.loads(tokens: 0.9, touched: 0.9, received: 0.9)] })
    // 58 layers at once move by 2 x 58 x d, drawn one by one by 2 x √58 x d.
    let together = (higher - lower) * 0.5 * (1 / 58.0.squareRoot())
    #expect(abs(deviation[.time] / together[.time] - 1) < 1e-6)
    #expect(abs(CostLane.operators.reduce(0) { $0 + deviation[$1] } / deviation[.time] - 1) < 1e-9)
    #expect(try wide().deviation(sequences: 2048, chunkTokens: 0) == nil)
  }

  @Test("copies of experts take memory and must be shared evenly")
  func memory() throws {
    var base = try design(
      "deepseek-r1", on: "gb200-nvl72", weights: .nvfp4, activations: .nvfp4, cache: .fp8, expert: 32,
      attentionData: 32, framework: .tensorRTLLM)
    let plain = base.memory.weightBytes
    base.redundantExperts = 32
    // One expert more in each of 58 layers: 3 x 7168 x 2048 weights of 4.5 bits.
    #expect(abs(base.memory.weightBytes - plain - 58 * 3 * 7168 * 2048 * 4.5 / 8) < 1)
    #expect(base.problems().isEmpty)
    base.redundantExperts = 30
    #expect(
      base.problems() == [
        DesignProblem(
          path: "experts.redundant_experts", found: "30",
          message: "with the 256 experts of deepseek-r1 they can't be shared by 32 accelerators",
          allowed: "0, 32, 64, …")
      ])
  }

  @Test("a group with longer contexts slows attention and nothing else")
  func groups() throws {
    let plain = step(try wide())
    let knots = LoadCurve.knots(upTo: 4096)
    let grouped = step(
      try wide {
        $0.groupLoads = GroupLoads(
          sequences: LoadCurve(knots: knots, values: knots.map { Double(($0 + 31) / 32) }),
          context: LoadCurve(knots: knots, values: knots.map { max(1, Double($0) / 32) * 1.5 }))
      })
    #expect(grouped[.decodeAttention] > 1.2 * plain[.decodeAttention])
    #expect(grouped[.decodeAttention] < 1.5 * plain[.decodeAttention])
    for lane in [CostLane.experts, .collective, .logits] {
      #expect(abs(grouped[lane] / plain[lane] - 1) < 1e-12)
    }
  }

  @Test("a curve is linear in the logarithm and flat beyond its knots")
  func curve() {
    let curve = LoadCurve(knots: [1, 4, 16], values: [1, 3, 2])
    #expect(curve.value(at: 0.5) == 1 && curve.value(at: 1) == 1 && curve.value(at: 4) == 3)
    #expect(abs(curve.value(at: 2) - 2) < 1e-12 && abs(curve.value(at: 8) - 2.5) < 1e-12)
    #expect(curve.value(at: 100) == 2)
    #expect(LoadCurve.knots(upTo: 20) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32])
  }
}

extension ExpertLoads {
  /// The same loads for a mixture that no model has.
  fileprivate init(other: ExpertLoads) {
    self.init(
      experts: 7, perToken: 3, tokens: other.tokens, touched: other.touched, received: other.received)
  }
}
