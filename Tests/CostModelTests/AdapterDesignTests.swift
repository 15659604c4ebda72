import Hardware
import Models
import Quantities
import Testing

@testable import CostModel

@Suite("Adapters beside the weights")
struct AdapterDesignTests {
  private func design(slots: Int, tensor: Int = 1) throws -> ReplicaDesign {
    var design = try CostModelTests.design("llama-3.1-8b", on: "h100-sxm", tensor: tensor)
    design.adapters = AdapterDesign(rank: 16, slots: slots)
    return design
  }

  @Test("rank 16 on all linear layers of Llama 3.1 8B: 41.9 million parameters")
  func bytes() throws {
    // A layer: query and output 4096 + 4096 each, key and value 4096 + 1024, gate, up and down 4096 + 14336.
    let widths = 2 * 8192 + 2 * 5120 + 3 * 18_432
    let design = try design(slots: 8, tensor: 2)
    #expect(design.adapterBytes == Double(32 * 16 * widths * 2))
    #expect(design.adapterBytesPerAccelerator == design.adapterBytes / 2)
    #expect(design.residentAdapterBytes == design.adapterBytes * 4)
    #expect(try CostModelTests.design("llama-3.1-8b", on: "h100-sxm").adapterBytes == 0)
  }

  @Test("latent attention and shared experts have adapters, routed experts have none")
  func mixture() throws {
    let design = try CostModelTests.design("deepseek-r1", on: "b200-sxm", weights: .fp8, activations: .fp8)
    let layers = try #require(design.model.transformer).layers
    let sparse = try #require(
      layers.first {
        if case .mixtureOfExperts = $0.feedForward { return true }
        return false
      })
    // 7168 to 1536 to 128 x 192, 7168 to 512 + 64, 512 to 128 x 256, 128 x 128 to 7168; a shared expert of 2048.
    let attention = [(7168, 1536), (1536, 24_576), (7168, 576), (512, 32_768), (16_384, 7168)]
    let shared = [(7168, 2048), (7168, 2048), (2048, 7168)]
    #expect(
      sparse.adaptedMatrices(hidden: 7168)
        == (attention + shared).map { AdaptedMatrix(inputs: Double($0.0), outputs: Double($0.1)) })
  }

  @Test("places of adapters leave the KV cache", arguments: Framework.allCases)
  func memory(framework: Framework) throws {
    var design = try CostModelTests.design("llama-3.1-8b", on: "h100-sxm", framework: framework)
    func bytes() -> Double {
      design.keyValueCache(memoryFraction: 0.9, blockTokens: 16, maximumBatchTokens: 2048).bytesPerAccelerator
    }
    let without = bytes()
    design.adapters = AdapterDesign(rank: 16, slots: 10)
    let share = framework == .tensorRTLLM ? 0.9 : 1
    #expect(abs(without - bytes() - share * 10 * 83_886_080) < 1)
  }

  @Test("steps read as many adapters as their sequences can be for, and multiply with them")
  func steps() throws {
    func table(_ design: ReplicaDesign) -> StepCostTable {
      design.stepCosts(maximumBatchSize: 64, maximumBatchTokens: 2048, maximumContextTokens: 8192)
    }
    let plain = table(try CostModelTests.design("llama-3.1-8b", on: "h100-sxm"))
    let adapted = table(try design(slots: 8))
    func extra(_ sequences: Int) -> CostVector {
      func first(_ table: StepCostTable) -> CostVector {
        table.decodeRun(
          sequences: sequences, contextSum: Double(sequences) * 1000, boundedSum: 0, boundedGrowth: 0
        ).first
      }
      return first(adapted) - first(plain)
    }
    let mixed =
      adapted.mixedCost(
        sequences: 3, contextSum: 3000, boundedSum: 0, chunkTokens: 500, rows: 4, prompts: 1)
      - plain.mixedCost(
        sequences: 3, contextSum: 3000, boundedSum: 0, chunkTokens: 500, rows: 4, prompts: 1)
    for cost in [extra(1), extra(8), extra(64), mixed] {
      let operators = CostLane.operators.reduce(0) { $0 + cost[$1] }
      let limits = CostLane.limits.reduce(0) { $0 + cost[$1] }
      #expect(cost[.time] > 0)
      #expect(abs(operators / cost[.time] - 1) < 1e-6 && abs(limits / cost[.time] - 1) < 1e-6)
    }
    // An adapter is 84 MB at 3.35 TB/s: 25 us at the speed of light; no more than eight are read.
    #expect(extra(8)[.memory] - extra(1)[.memory] > 7 * 25e-6)
    let weights = try #require(adapted.adapterWeights)
    #expect(weights.value(at: 64) == weights.value(at: 8) && plain.adapterWeights == nil)
    #expect(extra(64)[.time] > extra(8)[.time])
  }
}
