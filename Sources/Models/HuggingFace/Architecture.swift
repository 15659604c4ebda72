/// The architectures that can be read, by Hugging Face `model_type`.
enum Architecture {
  case dense(DenseFamily)
  case mixture(MixtureFamily)
  case gptJ
  case phi
  case deepSeek
  case deepSeekV4
  case kimiLinear
  case llama4
  case qwenHybrid
  case nemotronH

  private static let byType: [(types: [String], architecture: Architecture)] = [
    (["llama"], .dense(.llama)),
    (["mistral", "ministral"], .dense(.mistral)),
    (["qwen2"], .dense(.qwen2)),
    (["qwen3", "qwen3_vl_text"], .dense(.qwen3)),
    (["gemma2"], .dense(.gemma2)),
    (["gemma3_text"], .dense(.gemma3)),
    (["phi3"], .dense(.phi3)),
    (["cohere"], .dense(.cohere)),
    (["mixtral"], .mixture(.mixtral)),
    (["qwen3_moe", "qwen3_vl_moe_text"], .mixture(.qwen3)),
    (["gpt_oss"], .mixture(.gptOss)),
    (["minimax_m2"], .mixture(.miniMaxM2)),
    (["minimax_m3"], .mixture(.miniMaxM3)),
    (["glm4_moe"], .mixture(.glm4)),
    (["gptj"], .gptJ),
    (["phi"], .phi),
    (["deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2", "glm_moe_dsa"], .deepSeek),
    (["deepseek_v4"], .deepSeekV4),
    (["kimi_linear"], .kimiLinear),
    (["llama4_text"], .llama4),
    (["qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"], .qwenHybrid),
    (["nemotron_h"], .nemotronH),
  ]

  /// All readable types in alphabetical order.
  static var knownTypes: [String] { byType.flatMap(\.types).sorted() }

  init?(modelType: String) {
    guard let found = Self.byType.first(where: { $0.types.contains(modelType) }) else { return nil }
    self = found.architecture
  }

  /// The type of a Transformers class, for configurations that name only that.
  static func modelType(ofClass name: String) -> String? {
    let types: [String: String] = [
      "GPTJForCausalLM": "gptj", "LlamaForCausalLM": "llama", "MistralForCausalLM": "mistral",
      "MixtralForCausalLM": "mixtral", "Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3",
      "Qwen3MoeForCausalLM": "qwen3_moe", "Qwen3NextForCausalLM": "qwen3_next",
      "DeepseekV2ForCausalLM": "deepseek_v2", "DeepseekV3ForCausalLM": "deepseek_v3",
      "DeepseekV32ForCausalLM": "deepseek_v32",
      "DeepseekV4ForCausalLM": "deepseek_v4", "KimiLinearForCausalLM": "kimi_linear",
      "MiniMaxM3ForCausalLM": "minimax_m3",
      "MiniMaxM3SparseForCausalLM": "minimax_m3", "GptOssForCausalLM": "gpt_oss",
      "MiniMaxM2ForCausalLM": "minimax_m2", "Glm4MoeForCausalLM": "glm4_moe",
      "GlmMoeDsaForCausalLM": "glm_moe_dsa", "NemotronHForCausalLM": "nemotron_h",
      "Gemma2ForCausalLM": "gemma2", "Gemma3ForCausalLM": "gemma3_text", "PhiForCausalLM": "phi",
      "Phi3ForCausalLM": "phi3", "CohereForCausalLM": "cohere",
    ]
    return types[name]
  }

  /// Reads the shapes with the rules of this architecture.
  func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    switch self {
    case .dense(let family): try family.read(&reader)
    case .mixture(let family): try family.read(&reader)
    case .gptJ: try GPTJ.read(&reader)
    case .phi: try Phi.read(&reader)
    case .deepSeek: try DeepSeek.read(&reader)
    case .deepSeekV4: try DeepSeekV4.read(&reader)
    case .kimiLinear: try KimiLinear.read(&reader)
    case .llama4: try Llama4.read(&reader)
    case .qwenHybrid: try QwenHybrid.read(&reader)
    case .nemotronH: try NemotronH.read(&reader)
    }
  }
}
