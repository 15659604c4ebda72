import Models
import Testing

@testable import CostModel

/// Dynamic sparse attention against the shapes of the published configurations.
///
/// DeepSeek-V3.2: 61 layers, 64 index heads of 128, 2,048 tokens selected; GLM-5: 78 layers, 32 heads.
@Suite("Dynamic sparse attention")
struct SparseAttentionTests {
  private func table(_ model: String, maximumContext: Int = 131_072) throws -> StepCostTable {
    try design(
      model, on: "h200-sxm", weights: .fp8Block, activations: .fp8, cache: .fp8, tensor: 8
    ).stepCosts(maximumBatchSize: 64, maximumBatchTokens: 8192, maximumContextTokens: maximumContext)
  }

  @Test("nothing keeps these models from being built")
  func supported() throws {
    for model in ["deepseek-v3.2", "glm-5", "glm-5.3", "zhipuai/GLM-5"] {
      let base = try design(
        model, on: "h200-sxm", weights: .fp8Block, activations: .fp8, cache: .fp8, tensor: 8)
      #expect(base.problems().isEmpty, "\(model)")
      #expect(base.contextBound == .window(tokens: 2_048))
    }
  }

  @Test("index keys of 128 bytes and a 4-byte scale lie beside the latent cache, on every accelerator")
  func keyBytes() throws {
    // At 16 bits: 61 x (576 x 2 + 132) and 78 x (576 x 2 + 132) bytes a token.
    let deepSeek = try design("deepseek-v3.2", on: "b300-sxm", tensor: 8).memory.keyValueBytesPerToken
    #expect(deepSeek == 78_324)
    let glm = try design("glm-5", on: "b300-sxm", tensor: 8).memory
    #expect(glm.keyValueBytesPerToken == 100_152)
    // A cap on what is read is no cap on what is kept.
    #expect(glm.fixedBytesPerSequence == 0)
    // GLM-5.3: 21 layers have keys of their own.
    let shared = try design("glm-5.3", on: "b300-sxm", tensor: 8).memory.keyValueBytesPerToken
    #expect(shared == 92_628)
  }

  @Test("selectors are not shared out: eight accelerators hold eight copies")
  func replicatedWeights() throws {
    // 1,536 x 64 x 128 + 7,168 x 128 + 7,168 x 64 parameters in each of 61 layers.
    let selector: Int = 1_536 * 64 * 128 + 7_168 * 128 + 7_168 * 64
    let sparse = try design("deepseek-v3.2", on: "b300-sxm", tensor: 8).memory.weightBytes
    let dense = try design("deepseek-v3", on: "b300-sxm", tensor: 8).memory.weightBytes
    // Beside them a norm of two vectors of 128 elements a layer.
    let expected = Double(2 * 61 * (selector + 256))
    #expect(abs(sparse - dense - expected) < 1)
  }

  @Test("work of a selector: 2 x heads x width FLOPs a pair, its keys, queries, scores out and in")
  func work() {
    let indexer = SparseIndexer(heads: 64, headDimension: 128, selectedTokens: 2_048)
    let work = KernelWork.indexing(indexer, queries: 10, pairs: 50_000, keys: 50_000)
    #expect(work.flops == 819_200_000)
    #expect(work.weightBytes == 6_600_000)
    #expect(work.activationBytes == 481_920)
    #expect(work.type == .fp8)
  }

  @Test("decoding: attention stops growing at 2,048 tokens, the selector does not")
  func decode() throws {
    let table = try table("deepseek-v3.2")
    let bounded = try #require(table.boundedContext)
    func attention(_ context: Int) -> Double {
      bounded.piece(sequences: 32, contextSum: Double(32 * min(context, 2_048))).value[.time]
    }
    func selector(_ context: Int) -> Double {
      table.context.piece(sequences: 32, contextSum: Double(32 * context)).value[.time]
    }
    #expect(attention(1_024) < attention(2_048))
    #expect(attention(2_048) == attention(65_536))
    // 61 layers of keys of 132 bytes at 4.8 TB/s are the least that 32 x 65,536 tokens can take.
    let light: Double = Double(61 * 32 * 65_536 * 132) / 4.8e12
    #expect(selector(65_536) > light && selector(65_536) < light * 6)
    #expect(selector(65_536) > selector(32_768) * 1.7)
  }

  @Test("long contexts are cheaper than with dense latent attention, short ones dearer")
  func againstDense() throws {
    let sparse = try table("deepseek-v3.2")
    let dense = try table("deepseek-v3")
    func step(_ table: StepCostTable, _ context: Int) -> Double {
      table.decodeRun(
        sequences: 32, contextSum: Double(32 * context), boundedSum: Double(32 * min(context, 2_048)),
        boundedGrowth: 0
      ).first[.time]
    }
    #expect(step(sparse, 1_024) > step(dense, 1_024))
    #expect(step(sparse, 65_536) < step(dense, 65_536))
  }

  @Test(
    "prompts of long contexts are cheaper where an accelerator holds all heads, not where it holds an eighth")
  func promptsAgainstDense() throws {
    // Selectors see all pairs and are not shared out; what they save is attention of the heads that are here.
    func chunk(_ model: String, tensor: Int) throws -> Double {
      try design(
        model, on: "h200-sxm", weights: .fp8Block, activations: .fp8, cache: .fp8, tensor: tensor,
        expert: 8, attentionData: 8 / tensor
      ).stepCosts(maximumBatchSize: 8, maximumBatchTokens: 8192, maximumContextTokens: 131_072)
        .chunkCost(new: 8_192, past: 57_344)[.time]
    }
    #expect(try chunk("deepseek-v3.2", tensor: 1) < chunk("deepseek-v3", tensor: 1))
    #expect(try chunk("deepseek-v3.2", tensor: 8) > chunk("deepseek-v3", tensor: 8))
  }

  @Test("prompts: the selector sees the whole triangle, attention no more than 2,048 tokens a query")
  func prompts() throws {
    let table = try table("glm-5")
    let triangle = Double(32_768 * 32_769 / 2)
    let pairs = table.bound.pairs(new: 32_768, past: 0)
    let expected: Int = 2_048 * 2_049 / 2 + (32_768 - 2_048) * 2_048
    #expect(pairs == expected)
    let cost = table.chunkCost(new: 32_768, past: 0)
    // Selector: 32 heads of 128 at 1,979 TFLOP/s; attention on the compressed cache: 8 heads padded to 64, 576 + 512
    // wide, at 989 TFLOP/s.
    let selector: Double = triangle * Double(78 * 2 * 32 * 128) / 1_979e12
    let attention: Double = Double(pairs) * Double(78 * 2 * 64 * (576 + 512)) / 989.4e12
    #expect(cost[.time] > selector + attention && cost[.time] < (selector + attention) * 3)
  }
}
