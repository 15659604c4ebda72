import Foundation
import Models
import Testing

/// Models outside the catalogue whose published element counts the reader must meet exactly.
@Suite struct HuggingFaceCountTests {
  /// A model's configuration, and the elements of its published safetensors files.
  struct Published: Sendable, CustomTestStringConvertible {
    let name: String
    let elements: Int
    let config: String
    var testDescription: String { name }
  }

  static let published = [
    Published(
      name: "mistralai/Mistral-7B-v0.1", elements: 7_241_732_096,
      config: """
        {"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
         "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000,
         "max_position_embeddings": 32768, "sliding_window": 4096, "tie_word_embeddings": false}
        """),
    Published(
      name: "Qwen/Qwen2-7B", elements: 7_615_616_512,
      config: """
        {"model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
         "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "max_window_layers": 28,
         "max_position_embeddings": 131072, "sliding_window": 131072, "use_sliding_window": false}
        """),
    Published(
      name: "google/gemma-2-27b", elements: 27_227_128_320,
      config: """
        {"model_type": "gemma2", "hidden_size": 4608, "intermediate_size": 36864, "num_hidden_layers": 46,
         "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "vocab_size": 256000,
         "max_position_embeddings": 8192, "sliding_window": 4096, "attn_logit_softcapping": 50.0}
        """),
    Published(
      name: "microsoft/phi-2", elements: 2_779_683_840,
      config: """
        {"model_type": "phi", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 32,
         "num_attention_heads": 32, "vocab_size": 51200, "max_position_embeddings": 2048,
         "qk_layernorm": false, "layer_norm_eps": 1e-05}
        """),
    Published(
      name: "microsoft/Phi-3-mini-4k-instruct", elements: 3_821_079_552,
      config: """
        {"model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
         "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32064,
         "max_position_embeddings": 4096, "sliding_window": 2047, "attention_bias": false}
        """),
    Published(
      name: "CohereForAI/c4ai-command-r-v01", elements: 34_980_831_232,
      config: """
        {"model_type": "cohere", "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
         "num_attention_heads": 64, "num_key_value_heads": 64, "vocab_size": 256000,
         "max_position_embeddings": 8192, "layer_norm_eps": 1e-05, "logit_scale": 0.0625}
        """),
    Published(
      name: "deepseek-ai/DeepSeek-V2-Lite", elements: 15_706_484_224,
      config: """
        {"model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944, "num_hidden_layers": 27,
         "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 102400, "kv_lora_rank": 512,
         "q_lora_rank": null, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
         "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6,
         "moe_intermediate_size": 1408, "first_k_dense_replace": 1, "moe_layer_freq": 1,
         "max_position_embeddings": 163840, "topk_method": "greedy"}
        """),
    Published(
      name: "moonshotai/Kimi-Linear-48B-A3B-Instruct", elements: 49_122_681_728,
      config: """
        {"model_type": "kimi_linear", "hidden_size": 2304, "intermediate_size": 9216,
         "num_hidden_layers": 27, "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 72,
         "vocab_size": 163840, "kv_lora_rank": 512, "q_lora_rank": null, "qk_nope_head_dim": 128,
         "qk_rope_head_dim": 64, "v_head_dim": 128, "mla_use_nope": true, "num_experts": 256,
         "num_experts_per_token": 8, "num_shared_experts": 1, "moe_intermediate_size": 1024,
         "first_k_dense_replace": 1, "moe_layer_freq": 1, "max_position_embeddings": 1048576,
         "num_nextn_predict_layers": 0,
         "linear_attn_config": {"full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
           "kda_layers": [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26],
           "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4}}
        """),
  ]

  @Test(arguments: published)
  func elementsMatchSafetensors(_ model: Published) throws {
    let read = try Model(
      huggingFaceConfig: Data(model.config.utf8), id: model.name, source: "config.json")
    #expect(read.parameterCount == model.elements, "off by \(read.parameterCount - model.elements)")
    #expect(read.unsupportedFeatures.isEmpty)
  }

  @Test func roundedCounts() throws {
    // Qwen3-Next model card: 80B in total, 3B (one digit) activated. GLM-4.5-Air: 106B in total, 12B active.
    let next = try #require(
      try Model(
        huggingFaceConfig: Data(
          """
          {"model_type": "qwen3_next", "hidden_size": 2048, "intermediate_size": 5120,
           "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
           "vocab_size": 151936, "max_position_embeddings": 262144, "full_attention_interval": 4,
           "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128,
           "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "num_experts": 512,
           "num_experts_per_tok": 10, "moe_intermediate_size": 512,
           "shared_expert_intermediate_size": 512, "decoder_sparse_step": 1, "mlp_only_layers": []}
          """.utf8), id: "next", source: "config.json"
      ).transformer)
    #expect(abs(Double(next.parameterCount) / 80e9 - 1) < 0.01)
    #expect(abs(Double(next.activeParameterCount - 2 * next.embeddingParameters) / 3e9 - 1) < 0.17)
    #expect(next.layers.map(\.count) == [36, 12])
    let air = try #require(
      try Model(
        huggingFaceConfig: Data(
          """
          {"model_type": "glm4_moe", "hidden_size": 4096, "intermediate_size": 10944,
           "num_hidden_layers": 46, "num_attention_heads": 96, "num_key_value_heads": 8, "head_dim": 128,
           "vocab_size": 151552, "max_position_embeddings": 131072, "attention_bias": true,
           "first_k_dense_replace": 1, "n_routed_experts": 128, "n_shared_experts": 1,
           "num_experts_per_tok": 8, "moe_intermediate_size": 1408, "num_nextn_predict_layers": 1,
           "use_qk_norm": false, "tie_word_embeddings": false}
          """.utf8), id: "air", source: "config.json"
      ).transformer)
    #expect(abs(Double(air.parameterCount) / 106e9 - 1) < 0.01)
    #expect(abs(Double(air.activeParameterCount - 2 * air.embeddingParameters) / 12e9 - 1) < 0.02)
  }
}
