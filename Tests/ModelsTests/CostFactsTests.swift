import Models
import Testing

/// Bytes and FLOPs against figures that others publish.
@Suite struct CostFactsTests {
  @Test(arguments: [
    ("llama-3.1-8b", 131_072.0), ("llama-2-70b", 327_680.0), ("llama-3.1-70b", 327_680.0),
    ("llama-3.1-405b", 516_096.0), ("deepseek-v3", 70_272.0), ("qwen3-32b", 262_144.0),
    ("mixtral-8x7b", 131_072.0), ("gpt-j-6b", 458_752.0),
  ])
  func keyValueBytesPerTokenAt16Bits(_ id: String, _ bytes: Double) throws {
    let transformer = try #require(try ModelCatalogue.load().model(id).transformer)
    #expect(transformer.keyValueElementsPerToken.bytes(context: 1, type: .bf16) == bytes)
  }

  @Test func slidingWindowsCapTheCache() throws {
    // gpt-oss-120b: 36 layers, every second with a window of 128; 8 heads of 64, keys and values.
    let transformer = try #require(try ModelCatalogue.load().model("gpt-oss-120b").transformer)
    let cache = transformer.keyValueElementsPerToken
    #expect(cache.fullAttention == 18 * 1_024)
    #expect(cache.windowed.map(\.windowTokens) == [128])
    #expect(cache.windowed.map(\.elementsPerToken) == [18 * 1_024])
    #expect(cache.elements(context: 100) == 36 * 1_024 * 100)
    #expect(cache.elements(context: 1_000) == 18 * 1_024 * (1_000 + 128))
  }

  @Test func weightBytesAt16Bits() throws {
    // Index files of the bf16 checkpoints: 16,060,522,496 and 141,107,412,992 bytes.
    let catalogue = try ModelCatalogue.load()
    #expect(try catalogue.model("llama-3.1-8b").weightBytes(precision: .bf16) == 16_060_522_496)
    #expect(try catalogue.model("llama-3.1-70b").weightBytes(precision: .bf16) == 141_107_412_992)
  }

  @Test func deepSeekCheckpointAndPredictionLayer() throws {
    let model = try ModelCatalogue.load().model("deepseek-v3")
    let transformer = try #require(model.transformer)
    // README_WEIGHTS.md of DeepSeek-V3: 11.5B unique parameters in the prediction layer; 671B and 36.7B active.
    let prediction = try #require(transformer.multiTokenPrediction)
    let parameters = Double(prediction.parameters(hiddenSize: transformer.hiddenSize).total)
    #expect(abs(parameters / 11.5e9 - 1) < 0.01)
    #expect(abs(Double(transformer.parameterCount) / 671e9 - 1) < 0.001)
    #expect(abs(Double(transformer.activeParameterCount) / 36.7e9 - 1) < 0.03)
    // The index of its safetensors files says 688,586,727,753 bytes; prediction brings embedding and head again.
    var bytes = model.weightBytes(precision: model.nativePrecision)
    bytes += prediction.parameters(hiddenSize: 7_168).bytes(precision: model.nativePrecision)
    bytes += 2 * Double(transformer.embeddingParameters) * 2
    #expect(abs(bytes / 688_586_727_753 - 1) < 0.001, "\(bytes)")
    #expect(transformer.layers.map(\.count) == [3, 58])
    #expect(transformer.layerOrder == [0, 0, 0] + [Int](repeating: 1, count: 58))
  }

  @Test func floatingPointOperationsPerToken() throws {
    // Kaplan et al. (arXiv 2001.08361): 2·N forward, N without embeddings; attention 4·layers·width·context.
    let transformer = try #require(try ModelCatalogue.load().model("llama-3.1-8b").transformer)
    let flop = transformer.floatingPointOperationsPerToken(context: 0)
    let withoutEmbedding = 8_030_261_248.0 - 128_256 * 4_096
    #expect(abs(flop / (2 * withoutEmbedding) - 1) < 0.001)
    let attention = transformer.floatingPointOperationsPerToken(context: 8_192) - flop
    #expect(attention == 4 * 32 * 4_096 * 8_192)
  }

  @Test func absorbedLatentAttentionTradesFlopsForBytes() throws {
    // DeepSeek-V3 decode: 128 heads on a 576-wide cache, values 512 wide; prefill 192 and 128 wide.
    let transformer = try #require(try ModelCatalogue.load().model("deepseek-v3").transformer)
    #expect(
      transformer.mixingFloatingPointOperationsPerToken(context: 1, absorbed: true)
        == 61 * 2 * 128 * (576 + 512))
    #expect(transformer.mixingFloatingPointOperationsPerToken(context: 1) == 61 * 2 * 128 * (192 + 128))
  }

  @Test func sparseAttentionReadsOnlyWhatItSelects() throws {
    // DeepSeek-V3.2: beyond 2,048 tokens the main attention is flat, the indexer (64 heads of 128) grows.
    let transformer = try #require(try ModelCatalogue.load().model("deepseek-v3.2").transformer)
    let near = transformer.mixingFloatingPointOperationsPerToken(context: 2_048)
    let far = transformer.mixingFloatingPointOperationsPerToken(context: 2_049)
    #expect(far - near == 61 * 2 * 64 * 128)
    #expect(transformer.keyValueElementsPerToken.indexKeys == 61 * 128)
    // 70,272 bytes of latent cache and 61 index keys of 128 bytes with a 4-byte scale.
    #expect(transformer.keyValueElementsPerToken.bytes(context: 1, type: .bf16) == 70_272 + 61 * 132)
  }

  @Test func selectionsAreShared() throws {
    // GLM-5.3: 21 of 78 layers select, the others read what those chose. Every layer's attention is capped.
    let transformer = try #require(try ModelCatalogue.load().model("glm-5.3").transformer)
    let latent = transformer.layers.compactMap { group -> (count: Int, attention: LatentAttention)? in
      if case .latent(let attention) = group.attention { (group.count, attention) } else { nil }
    }
    #expect(latent.allSatisfy { $0.attention.selectedTokens == 2_048 })
    #expect(latent.filter { $0.attention.indexer != nil }.reduce(0) { $0 + $1.count } == 21)
    let near = transformer.mixingFloatingPointOperationsPerToken(context: 2_048)
    let far = transformer.mixingFloatingPointOperationsPerToken(context: 2_049)
    #expect(far - near == 172_032)
    #expect(transformer.keyValueElementsPerToken.indexKeys == 21 * 128)
  }

  @Test func compressedAttentionOfDeepSeekV4() throws {
    let transformer = try #require(try ModelCatalogue.load().model("deepseek-v4-pro").transformer)
    // 9.62 GiB per sequence of 2^20 tokens at 16 bits, index keys included, by an independent count.
    let context = 1_048_576
    let cache = transformer.keyValueElementsPerToken
    let bytes = 2 * Double(cache.elements(context: context) + cache.indexKeys * context)
    #expect(abs(bytes / 1_073_741_824 - 9.62) < 0.01, "\(bytes)")
    // Sums of the checkpoint's tensors: 307.30M in a layer without indexer, 331.29M in one with.
    let millions = transformer.layers.map {
      Double($0.attentionParameters(hiddenSize: transformer.hiddenSize)) / 1e6
    }
    #expect(millions.contains { abs($0 - 307.30) < 0.01 } && millions.contains { abs($0 - 331.29) < 0.01 })
  }

  @Test func recurrentStateIsFixed() throws {
    // Kimi K3's state in FP32 is 54 MB on each of 8 ranks: 69 layers of 96 heads of 128 × 128.
    let kimi = try #require(try ModelCatalogue.load().model("kimi-k3").transformer)
    #expect(abs(Double(kimi.stateElementsPerSequence) * 4 / 8 / 54e6 - 1) < 0.01)
    // 24 latent layers cache 576 elements each.
    #expect(kimi.keyValueElementsPerToken.elements(context: 1_000) == 24 * 576 * 1_000)
    // A hybrid's cost per token grows only through its full-attention layers: Qwen3.5 has 15 of 32 heads of 256.
    let qwen = try #require(try ModelCatalogue.load().model("qwen3.5-397b-a17b").transformer)
    let growth =
      qwen.mixingFloatingPointOperationsPerToken(context: 2)
      - qwen.mixingFloatingPointOperationsPerToken(context: 1)
    #expect(growth == 15 * 4 * 32 * 256)
    #expect(qwen.convStateElementsPerSequence == 45 * (2 * 16 * 128 + 64 * 128) * 3)
  }

  @Test func chunksStartAnew() throws {
    let span = AttentionSpan.chunked(tokens: 8_192)
    #expect(span.attendedTokens(context: 8_192) == 8_192)
    #expect(span.attendedTokens(context: 8_193) == 1)
    #expect(span.residentTokens(context: 8_193) == 8_192)
    #expect(AttentionSpan.slidingWindow(tokens: 128).attendedTokens(context: 8_193) == 128)
    #expect(AttentionSpan.full.attendedTokens(context: 8_193) == 8_193)
    // Llama 4 Scout: three of four layers attend in chunks.
    let scout = try #require(try ModelCatalogue.load().model("llama-4-scout").transformer)
    #expect(scout.keyValueElementsPerToken.fullAttention == 12 * 2 * 8 * 128)
    #expect(scout.keyValueElementsPerToken.windowed.map(\.windowTokens) == [8_192])
  }

  @Test func tiedEmbeddingsCountOnceButMultiply() throws {
    // Gemma 3 27B (arXiv 2503.19786, table 1): 1,416M embedding, 25,600M besides.
    let gemma = try #require(try ModelCatalogue.load().model("gemma-3-27b").transformer)
    #expect(gemma.parameters.languageModelHead == 0)
    #expect(abs(Double(gemma.embeddingParameters) / 1_416e6 - 1) < 0.01)
    #expect(abs(Double(gemma.parameterCount - gemma.embeddingParameters) / 25_600e6 - 1) < 0.001)
    // The head is multiplied all the same: 2 FLOPs per parameter, the norms aside.
    let flop = gemma.floatingPointOperationsPerToken(context: 0)
    #expect(abs(flop / (2 * Double(gemma.parameterCount)) - 1) < 0.001)
  }

  @Test func imagesCostTheirSteps() throws {
    // DistriFusion (arXiv 2402.19481, table 1): 338e12 MAC for 50 steps with guidance at 1024 × 1024.
    let diffusion = try #require(try ModelCatalogue.load().model("stable-diffusion-xl").diffusion)
    #expect(abs(diffusion.denoiserFloatingPointOperationsPerPass * 100 / 2 / 338e12 - 1) < 0.002)
    // MLPerf runs 20 steps with guidance; decoder and text encoders add 4 %.
    #expect(diffusion.denoisingFloatingPointOperationsPerImage == 40 * 6.76123639808e12)
    let rest =
      diffusion.floatingPointOperationsPerImage - diffusion.denoisingFloatingPointOperationsPerImage
    #expect(abs(rest / diffusion.floatingPointOperationsPerImage - 0.038) < 0.001)
    #expect(diffusion.weightBytes(precision: Precision(weights: .fp8)) < 2.568e9 + 2 * 0.902e9)
  }
}
