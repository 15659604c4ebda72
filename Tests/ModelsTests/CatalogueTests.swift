import Foundation
import Models
import Testing

/// The catalogue against what the models' makers publish.
@Suite struct CatalogueTests {
  static let entries: [ModelCatalogue.Entry] = (try? ModelCatalogue.load().entries) ?? []

  @Test func loadsSortedWithoutDuplicates() throws {
    let ids = try ModelCatalogue.load().entries.map(\.id)
    #expect(ids.count >= 17)
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
  }

  @Test(arguments: entries)
  func parametersMatchPublished(_ entry: ModelCatalogue.Entry) {
    let counted = Double(entry.model.parameterCount)
    // Makers round to two or three digits, so half of the last digit of "17B" is 3 %; most are far closer.
    #expect(abs(counted / entry.published.parameters - 1) < 0.01, "\(entry.id): \(counted)")
    guard let published = entry.published.activeParameters, let transformer = entry.model.transformer else {
      return
    }
    let active = Double(
      transformer.activeParameterCount
        - (entry.published.activeCountsEmbedding ? 0 : transformer.embeddingParameters))
    #expect(abs(active / published - 1) < 0.03, "\(entry.id): \(active) active")
  }

  @Test(arguments: entries)
  func everyHuggingFaceIDFindsItsModel(_ entry: ModelCatalogue.Entry) throws {
    let catalogue = try ModelCatalogue.load()
    for id in entry.huggingFaceIDs {
      #expect(try catalogue.model(id.uppercased()).id == entry.id)
    }
    #expect(try catalogue.model(entry.id) == entry.model)
  }

  @Test func exactCounts() throws {
    // Element counts of the published safetensors files.
    let catalogue = try ModelCatalogue.load()
    let exact = [
      ("llama-3.1-8b", 8_030_261_248), ("llama-3.1-70b", 70_553_706_496),
      ("llama-3.1-405b", 405_853_388_800), ("llama-2-70b", 68_976_648_192),
      ("qwen3-8b", 8_190_735_360), ("qwen3-14b", 14_768_307_200), ("qwen3-32b", 32_762_123_264),
      ("mixtral-8x7b", 46_702_792_704), ("gpt-j-6b", 6_050_882_784),
    ]
    for (id, count) in exact { #expect(try catalogue.model(id).parameterCount == count, "\(id)") }
  }

  @Test func unknownNameSuggestsTheNearest() throws {
    let catalogue = try ModelCatalogue.load()
    let error = #expect(throws: ModelError.self) { try catalogue.model("lama-3.1-70b") }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("did you mean 'llama-3.1-70b'?"))
    let hub = #expect(throws: ModelError.self) { try catalogue.model("openai/gpt-os-120b") }
    #expect("\(hub.map(String.init(describing:)) ?? "")".contains("did you mean 'openai/gpt-oss-120b'?"))
  }
}

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

  @Test(arguments: [
    ("gpt-oss-120b", 60.8), ("gpt-oss-20b", 12.8),
  ])
  func checkpointSizes(_ id: String, _ gibibytes: Double) throws {
    // gpt-oss model card, table 1.
    let model = try ModelCatalogue.load().model(id)
    let bytes = model.weightBytes(precision: model.nativePrecision)
    #expect(abs(bytes / (gibibytes * 1_073_741_824) - 1) < 0.01, "\(bytes)")
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
}

extension ModelCatalogue.Entry: CustomTestStringConvertible {
  /// The id, so that a failure is short.
  public var testDescription: String { id }
}
