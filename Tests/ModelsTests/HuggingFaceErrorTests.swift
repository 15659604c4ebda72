import Foundation
import Models
import Testing

/// What a user's config.json can get wrong, and what the reader says.
@Suite struct HuggingFaceErrorTests {
  /// A small Llama with some keys replaced and one left out.
  static func llama(_ changes: [String: Any] = [:], without removed: String = "") throws -> Data {
    var config: [String: Any] = [
      "model_type": "llama", "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4,
      "num_attention_heads": 8, "num_key_value_heads": 2, "vocab_size": 1_000,
      "max_position_embeddings": 2_048, "tie_word_embeddings": false,
    ]
    for (key, value) in changes { config[key] = value }
    config[removed] = nil
    return try JSONSerialization.data(withJSONObject: config)
  }

  static func read(_ data: Data) throws(ModelError) -> Model {
    try Model(huggingFaceConfig: data, id: "mine", source: "mine/config.json")
  }

  /// The message of the error that a configuration provokes.
  static func message(_ data: Data) -> String {
    do {
      return "no error: \(try read(data).id)"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("hidden_size", "mine/config.json: key 'hidden_size' is missing; a model of type 'llama' needs it"),
    ("num_hidden_layers", "key 'num_hidden_layers' is missing"),
    ("vocab_size", "key 'vocab_size' is missing"),
    ("intermediate_size", "key 'intermediate_size' is missing"),
    ("model_type", "key 'model_type' is missing"),
  ])
  func missingKeys(_ key: String, _ expected: String) throws {
    #expect(Self.message(try Self.llama(without: key)).contains(expected))
  }

  @Test func nullIsMissing() throws {
    #expect(Self.message(try Self.llama(["hidden_size": NSNull()])).contains("'hidden_size' is missing"))
  }

  @Test(arguments: [
    ("hidden_size", "0", "found 0; allowed: a whole number from 1 to 65536"),
    ("hidden_size", "-5", "found -5"), ("hidden_size", "1.5", "found 1.5"),
    ("hidden_size", "\"big\"", "found 'big'"), ("num_hidden_layers", "1000000", "from 1 to 1024"),
    ("num_attention_heads", "7", "allowed: a divisor of num_attention_heads = 7"),
    ("num_key_value_heads", "3", "found 3; allowed: a divisor of num_attention_heads = 8"),
    ("hidden_size", "250", "a divisor of hidden_size = 250"),
    ("tie_word_embeddings", "\"yes\"", "found 'yes'; allowed: true or false"),
    ("layer_types", "[\"full_attention\"]", "found 1 entries; allowed: one per layer"),
    ("layer_types", "[\"mamba\",\"mamba\",\"mamba\",\"mamba\"]", "found 'mamba'; allowed: full_attention"),
    ("max_position_embeddings", "true", "found true"),
  ])
  func wrongValues(_ key: String, _ json: String, _ expected: String) throws {
    let text = try #require(String(data: try Self.llama(without: key), encoding: .utf8))
    let message = Self.message(Data("{\"\(key)\": \(json), \(text.dropFirst())".utf8))
    #expect(message.contains(expected), "\(message)")
    #expect(message.hasPrefix("mine/config.json: key '"))
  }

  @Test func unknownTypeNamesTheNearest() throws {
    let message = Self.message(try Self.llama(["model_type": "lama"]))
    #expect(message.hasPrefix("mine/config.json: unknown model_type 'lama', did you mean 'llama'?; known: "))
    #expect(Self.message(try Self.llama(["model_type": "foo"])).contains("unknown model_type 'foo'; known"))
    #expect(Self.message(try Self.llama(["model_type": 3])).contains("found 3; allowed: a string"))
  }

  @Test func filesThatAreNoConfiguration() {
    #expect(Self.message(Data()).contains("mine/config.json: is empty"))
    #expect(Self.message(Data(" \n".utf8)).contains("is empty"))
    #expect(Self.message(Data("hello".utf8)).contains("is not a JSON object"))
    #expect(Self.message(Data("{\"hidden_size\": 3".utf8)).contains("is not a JSON object"))
    #expect(Self.message(Data("[1, 2]".utf8)).contains("the top level is an array of 2"))
    #expect(Self.message(Data([0xff, 0xfe, 0x00])).contains("is not a JSON object"))
  }

  @Test func fileOnDisk() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "models-tests-\(UUID())/My-Model")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    let path = folder.appending(path: "config.json")
    try Self.llama().write(to: path)
    let model = try Model(huggingFaceConfigAt: path.path)
    #expect(model.id == "My-Model")
    #expect(model.source == path.path)
    // By hand: 2 · 1000 · 256 + 4 · (256·256·2 + 2·256·64 + 3·256·512 + 2·256) + 256.
    #expect(model.parameterCount == 2_742_528)
    let missing = folder.appending(path: "none.json").path
    let error = #expect(throws: ModelError.self) { try Model(huggingFaceConfigAt: missing) }
    #expect("\(error.map(String.init(describing:)) ?? "")".hasPrefix("\(missing): can't be read"))
  }

  @Test func structuralKeysAreReportedUnlessOffOrKnown() throws {
    let model = try Self.read(
      try Self.llama([
        "magic_attention_span": 7, "extra_experts": 0, "moe_thing": false, "sparse_mode": NSNull(),
        "attention_dropout": 0.1, "rope_scaling": ["factor": 8], "colour": "red",
        "window_list": [0, 0], "layer_magic": "swirl",
      ]))
    #expect(
      model.unsupportedFeatures == [
        "unrecognised config key 'layer_magic' = 'swirl'",
        "unrecognised config key 'magic_attention_span' = 7",
      ])
  }

  @Test func severalWindowsAreReported() throws {
    let types = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
    let one = try Self.read(try Self.llama(["layer_types": types, "sliding_window": 64]))
    #expect(one.unsupportedFeatures.isEmpty)
    #expect(one.transformer?.layerOrder == [0, 1, 0, 1])
    #expect(Self.message(try Self.llama(["layer_types": types])).contains("'sliding_window' is missing"))
  }

  @Test func biasesAndTiesChangeTheCount() throws {
    let plain = try Self.read(try Self.llama()).parameterCount
    let biased = try Self.read(try Self.llama(["attention_bias": true, "mlp_bias": true])).parameterCount
    #expect(biased - plain == 4 * ((256 + 2 * 64) + 256 + (2 * 512 + 256)))
    let tied = try Self.read(try Self.llama(["tie_word_embeddings": true])).parameterCount
    #expect(plain - tied == 256_000)
  }

  @Test func wrappersAndForeignNumbersAreRead() throws {
    let inner = try #require(String(data: try Self.llama(), encoding: .utf8))
    let wrapped = try Self.read(
      Data(
        """
        {"model_type": "some_vlm", "text_config": \(inner), "vision_config": {"depth": 3},
         "torch_dtype": "bfloat16"}
        """.utf8))
    #expect(wrapped.parameterCount == 2_742_528)
    #expect(wrapped.notes == ["the vision tower is left out: language model only"])
    let broken = inner.replacingOccurrences(of: "\"hidden_size\":256", with: "\"hidden_size\":0")
    #expect(
      Self.message(Data("{\"model_type\": \"vlm\", \"text_config\": \(broken)}".utf8))
        .contains("key 'text_config.hidden_size': found 0"))
    // Python writes Infinity, which JSON doesn't have.
    let infinite = Data("{\"time_step_limit\": [0.0, Infinity], \(inner.dropFirst())".utf8)
    #expect(try Self.read(infinite).parameterCount == 2_742_528)
    // A remote-code type beside a class that is known.
    let remote = try Self.llama(["model_type": "my_fork", "architectures": ["LlamaForCausalLM"]])
    #expect(try Self.read(remote).parameterCount == 2_742_528)
  }

  @Test func moreExpertsPerTokenThanExperts() throws {
    let message = Self.message(
      try Self.llama(["model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 5]))
    #expect(message.contains("key 'num_experts_per_tok': found 5; allowed: at most the number of experts, 4"))
  }

  @Test func theLargestAllowedSizesDoNotOverflow() throws {
    let model = try Self.read(
      try Self.llama([
        "model_type": "deepseek_v3", "hidden_size": 65_536, "intermediate_size": 1_048_576,
        "num_hidden_layers": 1_024, "num_attention_heads": 4_096, "vocab_size": 33_554_432,
        "q_lora_rank": 65_536, "kv_lora_rank": 65_536, "qk_nope_head_dim": 4_096, "qk_rope_head_dim": 4_096,
        "v_head_dim": 4_096, "n_routed_experts": 8_192, "n_shared_experts": 8_192,
        "num_experts_per_tok": 8_192, "moe_intermediate_size": 1_048_576,
        "num_nextn_predict_layers": 1_024, "max_position_embeddings": 134_217_728,
      ]))
    let transformer = try #require(model.transformer)
    #expect(transformer.parameterCount > 1_000_000_000_000_000_000)
    #expect(transformer.keyValueElementsPerToken.elements(context: 134_217_728) > 0)
    #expect(transformer.floatingPointOperationsPerToken(context: 134_217_728).isFinite)
    let prediction = try #require(transformer.multiTokenPrediction)
    #expect(prediction.parameters(hiddenSize: transformer.hiddenSize).total > 0)
  }
}
