import Foundation
import Models
import Testing

/// The catalogue against what the models' makers publish.
@Suite struct CatalogueTests {
  static let entries: [ModelCatalogue.Entry] = (try? ModelCatalogue.load().entries) ?? []

  @Test func loadsSortedWithoutDuplicates() throws {
    let ids = try ModelCatalogue.load().entries.map(\.id)
    #expect(ids.count == 34)
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
  }

  /// Models whose published total says less than 1 %, and why.
  static let looseTotals = [
    "llama-4-scout": 0.012  // "109B" counts the vision tower
  ]

  @Test(arguments: entries)
  func totalParametersMatchPublished(_ entry: ModelCatalogue.Entry) {
    var counted = Double(entry.model.parameterCount)
    if entry.published.countsPredictionLayers, let transformer = entry.model.transformer {
      counted += Double(
        transformer.multiTokenPrediction?.parameters(hiddenSize: transformer.hiddenSize).total ?? 0)
    }
    let tolerance = Self.looseTotals[entry.id] ?? 0.01
    #expect(abs(counted / entry.published.parameters - 1) < tolerance, "\(entry.id): \(counted)")
  }

  @Test(arguments: entries)
  func activeParametersMatchPublished(_ entry: ModelCatalogue.Entry) throws {
    guard let published = entry.published.activeParameters else { return }
    let transformer = try #require(entry.model.transformer)
    var active = transformer.activeParameterCount
    for table in entry.published.activeLeavesOut {
      active -=
        table == .embedding ? transformer.embeddingParameters : transformer.parameters.languageModelHead
    }
    // "13B" stands for 12.5 to 13.5: makers give two digits.
    #expect(abs(Double(active) / published - 1) < 0.025, "\(entry.id): \(active)")
  }

  @Test(arguments: entries)
  func everyHuggingFaceIDFindsItsModel(_ entry: ModelCatalogue.Entry) throws {
    let catalogue = try ModelCatalogue.load()
    for id in entry.huggingFaceIDs {
      #expect(try catalogue.model(id.uppercased()).id == entry.id)
    }
    #expect(try catalogue.model(entry.id) == entry.model)
  }

  @Test(arguments: entries.filter { $0.published.checkpointBytes != nil })
  func weightBytesMatchTheCheckpoint(_ entry: ModelCatalogue.Entry) throws {
    let checkpoint = try #require(entry.published.checkpointBytes)
    let precision = entry.model.nativePrecision
    var bytes = entry.model.weightBytes(precision: precision)
    if let transformer = entry.model.transformer, let prediction = transformer.multiTokenPrediction {
      bytes += prediction.parameters(hiddenSize: transformer.hiddenSize).bytes(precision: precision)
    }
    #expect(abs(bytes / checkpoint - 1) < 0.01, "\(bytes)")
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

  @Test func unsupportedFeaturesAreKnownByName() throws {
    let flagged = try ModelCatalogue.load().entries.filter { !$0.model.unsupportedFeatures.isEmpty }
    #expect(
      flagged.map(\.id) == [
        "deepseek-v4-flash", "deepseek-v4-pro", "kimi-k3", "minimax-m3",
      ])
    let miniMax = try ModelCatalogue.load().model("minimax-m3").unsupportedFeatures
    #expect(miniMax == ["block-sparse attention (sparse_topk_blocks=16 of 128 tokens)"])
  }

  @Test(arguments: [
    ("{}", "model catalogue: a.json: "), ("nonsense", "model catalogue: a.json: "),
    (#"{"id": "b"}"#, "model catalogue: a.json: "),
    (
      #"""
      {"id": "b", "name": "B", "huggingface_ids": [], "source": "s", "published": {"parameters": 1, "source": "s"},
       "native_precision": {"weights": "bf16"}}
      """#, "model catalogue: a.json: its id is 'b'"
    ),
    (
      #"""
      {"id": "a", "name": "A", "huggingface_ids": [], "source": "s", "published": {"parameters": 1, "source": "s"},
       "native_precision": {"weights": "bf16"}}
      """#, "model catalogue: a.json: needs either 'config'"
    ),
    (
      #"""
      {"id": "a", "name": "A", "huggingface_ids": [], "source": "s", "published": {"parameters": 1, "source": "s"},
       "native_precision": {"weights": "bf16"}, "config": {"model_type": "llama"}}
      """#, "a.json: key 'hidden_size' is missing"
    ),
  ])
  func damagedFilesAreNamed(_ json: String, _ expected: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "catalogue-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(json.utf8).write(to: folder.appending(path: "a.json"))
    let error = #expect(throws: ModelError.self) { try ModelCatalogue.load(folder: folder) }
    let message = "\(error.map(String.init(describing:)) ?? "")"
    #expect(message.hasPrefix(expected), "\(message)")
  }

  @Test func unknownNameSuggestsTheNearest() throws {
    let catalogue = try ModelCatalogue.load()
    let error = #expect(throws: ModelError.self) { try catalogue.model("lama-3.1-70b") }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("did you mean 'llama-3.1-70b'?"))
    let hub = #expect(throws: ModelError.self) { try catalogue.model("openai/gpt-os-120b") }
    #expect("\(hub.map(String.init(describing:)) ?? "")".contains("did you mean 'openai/gpt-oss-120b'?"))
  }
}

extension ModelCatalogue.Entry: CustomTestStringConvertible {
  /// The id, so that a failure is short.
  public var testDescription: String { id }
}
