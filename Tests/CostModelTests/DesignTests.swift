import Documents
import Hardware
import Models
import Quantities
import Testing

@testable import CostModel

/// A design of catalogue entries.
func design(
  _ model: String, on system: String, weights: DataType = .bf16, activations: DataType = .bf16,
  cache: DataType = .bf16, experts: DataType? = nil, tensor: Int = 1, pipeline: Int = 1, expert: Int = 1,
  attentionData: Int = 1, framework: Framework = .vllm, calibrated: Bool = true
) throws -> ReplicaDesign {
  ReplicaDesign(
    model: try ModelCatalogue.load().model(model),
    system: try #require(try SystemCatalogue.load().system(system)),
    precision: Precision(
      weights: weights, activations: activations, keyValueCache: cache, experts: experts),
    parallel: Parallelism(
      tensor: tensor, pipeline: pipeline, expert: expert, attentionData: attentionData),
    framework: framework, efficiencies: try EfficiencyTable.load(calibrated: calibrated))
}

@Suite("Replica designs")
struct DesignTests {
  @Test("Llama 3.1 8B at batch 1 on one H100 is bound by reading 15 GB of weights")
  func decodeBatchOne() throws {
    let table = try design("llama-3.1-8b", on: "h100-sxm").stepCosts(
      maximumBatchSize: 256, maximumBatchTokens: 8192, maximumContextTokens: 8192)
    let run = table.decodeRun(sequences: 1, contextSum: 1000, boundedSum: 0, boundedGrowth: 0)
    // 7.5e9 parameters besides the token table, 2 bytes each, at 3.35 TB/s: 4.48 ms at the speed of light.
    #expect(run.first[.memory] > 4.48e-3 && run.first[.memory] < 4.48e-3 * 1.35)
    #expect(run.first[.memory] > run.first[.compute] * 10)
    #expect(run.first[.network] == 0)
  }

  @Test("a prompt of 8,192 tokens on Llama 3.1 8B is bound by 2 FLOPs a parameter and token")
  func prefill() throws {
    let table = try design("llama-3.1-8b", on: "h100-sxm").stepCosts(
      maximumBatchSize: 256, maximumBatchTokens: 8192, maximumContextTokens: 8192)
    let cost =
      table.mixedCost(sequences: 0, contextSum: 0, boundedSum: 0, chunkTokens: 8192, rows: 1)
      + table.chunkCost(new: 8192, past: 0)
    // Projections: 2 x 6.98e9 x 8192 FLOPs; attention: 32 layers x 4 x 4096 x 8192^2 / 2. At 989.4 TFLOP/s.
    let light = (2 * 6.98e9 * 8192 + 32 * 4 * 4096 * 8192.0 * 8192 / 2) / 989.4e12
    #expect(cost[.compute] > light && cost[.compute] < light * 1.6)
    #expect(cost[.compute] > cost[.memory] * 3)
  }

  @Test("every lane adds up: time = operators = limits")
  func lanes() throws {
    let table = try design(
      "deepseek-r1", on: "b200-sxm", weights: .nvfp4, activations: .nvfp4, cache: .fp8, expert: 8,
      attentionData: 8
    ).stepCosts(maximumBatchSize: 512, maximumBatchTokens: 8192, maximumContextTokens: 8192)
    let cost =
      table.mixedCost(sequences: 100, contextSum: 123_456, boundedSum: 0, chunkTokens: 1000, rows: 101)
      + table.chunkCost(new: 1000, past: 24)
    let operators = CostLane.operators.reduce(0) { $0 + cost[$1] }
    let limits = CostLane.limits.reduce(0) { $0 + cost[$1] }
    #expect(abs(operators / cost[.time] - 1) < 1e-12)
    #expect(abs(limits / cost[.time] - 1) < 1e-12)
    #expect(cost[.network] > 0 && cost[.experts] > 0 && cost[.energy] > 0)
  }

  @Test("hypothetical hardware: twice the bandwidth halves what memory bounds, and nothing else")
  func hypotheticalBandwidth() throws {
    let base = try design("llama-3.1-8b", on: "h100-sxm")
    var system = base.system
    system.accelerator.memoryBandwidth = system.accelerator.memoryBandwidth * 2
    let faster = ReplicaDesign(
      model: base.model, system: system, precision: base.precision, parallel: base.parallel,
      framework: base.framework, efficiencies: base.efficiencies)
    func step(_ design: ReplicaDesign) -> CostVector {
      design.stepCosts(maximumBatchSize: 8, maximumBatchTokens: 64, maximumContextTokens: 4096)
        .decodeRun(sequences: 1, contextSum: 4000, boundedSum: 0, boundedGrowth: 0).first
    }
    #expect(abs(step(base)[.memory] / step(faster)[.memory] - 2) < 0.02)
    // A framework's scales stretch limits with the whole of an operator, so that launches move by a trifle.
    #expect(abs(step(base)[.launch] / step(faster)[.launch] - 1) < 0.01)
  }

  @Test("mean power lies between idle and thermal design power")
  func power() throws {
    let base = try design("llama-3.1-70b", on: "h200-sxm", weights: .fp8, activations: .fp8, tensor: 4)
    let table = base.stepCosts(maximumBatchSize: 256, maximumBatchTokens: 8192, maximumContextTokens: 8192)
    let range = base.system.accelerator.thermalDesignPower - base.system.accelerator.idlePower
    for sequences in [1, 16, 256] {
      let cost = table.decodeRun(
        sequences: sequences, contextSum: Double(sequences * 1000), boundedSum: 0, boundedGrowth: 0
      ).first
      let share = cost[.energy] / cost[.time] / (4 * range.si)
      #expect(share > 0.05 && share <= 1)
    }
  }

  @Test("the KV cache of Llama 3.1 8B on one H100 holds what vLLM reports: 0.40 to 0.46 million tokens")
  func keyValueCapacity() throws {
    let base = try design("llama-3.1-8b", on: "h100-sxm")
    #expect(base.memory.keyValueBytesPerToken == 131_072)
    #expect(abs(base.memory.weightBytes - 16.06e9) < 0.02e9)
    let capacity = base.keyValueCache(memoryFraction: 0.9, blockTokens: 16, maximumBatchTokens: 8192)
    let tokens = capacity.blocks * 16
    #expect(tokens > 400_000 && tokens < 460_000)
  }

  @Test("latent attention is replicated over a tensor group, key-value heads are shared")
  func keyValueBytes() throws {
    // DeepSeek-V3: (512 + 64) x 61 layers x 2 bytes. Llama 3.1 70B: 2 x 8 x 128 x 80 x 2 bytes / 8.
    #expect(try design("deepseek-v3", on: "h200-sxm", tensor: 8).memory.keyValueBytesPerToken == 70_272)
    #expect(try design("llama-3.1-70b", on: "h200-sxm", tensor: 8).memory.keyValueBytesPerToken == 40_960)
    // More accelerators than key-value heads: each holds one head.
    #expect(try design("llama-3.1-70b", on: "gb200-nvl72", tensor: 16).memory.keyValueBytesPerToken == 40_960)
    #expect(try design("llama-3.1-70b", on: "h200-sxm", pipeline: 2).memory.keyValueBytesPerToken == 163_840)
  }

  @Test("sharding divides weights: 8 accelerators hold an eighth each")
  func shardedWeights() throws {
    let one = try design("llama-3.1-405b", on: "gb300-nvl72").memory.weightBytes
    let eight = try design("llama-3.1-405b", on: "gb300-nvl72", tensor: 8).memory.weightBytes
    #expect(abs(one / eight - 8) < 0.01)
    #expect(abs(one - 2 * 405.85e9) < 1e9)
  }
}

@Suite("Designs that can't be built")
struct DesignProblemTests {
  private func messages(_ design: ReplicaDesign) -> [String] {
    design.problems().map { "\($0.path): \($0.found): \($0.message)" }
  }

  @Test("a good design has no problems")
  func good() throws {
    #expect(try design("llama-3.1-8b", on: "h100-sxm").problems().isEmpty)
    #expect(
      try design("deepseek-r1", on: "b200-sxm", weights: .fp8Block, activations: .fp8, tensor: 8).problems()
        .isEmpty)
  }

  @Test("a tensor size that does not divide the heads")
  func heads() throws {
    #expect(
      messages(try design("llama-3.1-8b", on: "h100-sxm", tensor: 3)) == [
        "parallel.tensor: 3: does not divide the 32 query heads of llama-3.1-8b",
        "parallel.tensor: 3: neither divides the 8 key-value heads of llama-3.1-8b nor is a multiple of them",
      ])
  }

  @Test("a model that does not fit says what would be held where")
  func fit() throws {
    let found = messages(try design("llama-3.1-405b", on: "h100-sxm", tensor: 8))
    #expect(found.count == 1)
    #expect(
      found[0].hasPrefix(
        "model: llama-3.1-405b: does not fit: each accelerator would hold 101.5 GB of weights"))
  }

  @Test("a type that the hardware does not multiply")
  func dtype() throws {
    #expect(
      messages(try design("llama-3.1-8b", on: "h100-sxm", weights: .nvfp4, activations: .nvfp4)) == [
        "precision.activations: nvfp4: NVIDIA H100 SXM does not multiply fp4"
      ])
    // Weights alone may be narrow: they are widened before the product.
    #expect(try design("llama-3.1-8b", on: "h100-sxm", weights: .int4).problems().isEmpty)
  }

  @Test("experts, stages and fabric")
  func layout() throws {
    #expect(
      messages(try design("llama-3.1-8b", on: "h100-sxm", tensor: 2, expert: 2)) == [
        "parallel.expert: 2: llama-3.1-8b has no experts"
      ])
    #expect(
      messages(try design("llama-3.1-8b", on: "h100-sxm", pipeline: 64)) == [
        "parallel.pipeline: 64: more stages than the 32 layers of llama-3.1-8b"
      ])
    #expect(
      messages(try design("mixtral-8x7b", on: "h100-sxm", tensor: 4, expert: 8)) == [
        "parallel.expert: 8: does not divide tensor x attention_data = 4"
      ])
    #expect(
      messages(try design("llama-3.1-8b", on: "h100-sxm", tensor: 4, attentionData: 3)) == [
        "parallel: 12 accelerators a stage: more than the scale-up domain of NVIDIA H100 SXM joins, and no whole number of them"
      ])
    #expect(
      messages(try design("deepseek-r1", on: "b200-sxm", tensor: 16, expert: 64, attentionData: 9)) == [
        "parallel.expert: 64: does not divide tensor x attention_data = 144"
      ])
    #expect(
      messages(try design("deepseek-r1", on: "gb200-nvl72", tensor: 16, expert: 16, attentionData: 9)) == [
        "parallel.tensor: 16: a group would stand across scale-up domains of 72 unevenly",
        "parallel.expert: 16: a group would stand across scale-up domains of 72 unevenly",
      ])
    #expect(
      messages(
        try design(
          "deepseek-r1", on: "h200-sxm", weights: .fp8, activations: .fp8, expert: 64, attentionData: 64))
        == [])
  }
}

@Suite("Prior efficiencies")
struct PriorTests {
  @Test("the shipped priors load and are efficiencies")
  func load() throws {
    let table = try EfficiencyTable.load()
    for operatorClass in OperatorClass.allCases {
      let efficiency = table.efficiency(operatorClass)
      #expect(efficiency.compute > 0 && efficiency.compute <= 1)
      #expect(efficiency.launchSeconds > 0 && efficiency.launchSeconds < 1e-3)
    }
    #expect(table.overhead(of: .vllm).frontEndSeconds > 0)
  }

  @Test("a table with mistakes names all of them")
  func mistakes() throws {
    let document = try Document.parse(text: "version: 2\noperators: {}\nextra: 1\n", file: "p.yaml")
    #expect {
      _ = try EfficiencyTable(document: document)
    } throws: { error in
      let text = "\(error)"
      return text.contains("p.yaml:1: version: found 2") && text.contains("extra: unknown key")
        && text.contains("operators.gemm: required, but missing") && text.contains("frameworks")
    }
  }
}
