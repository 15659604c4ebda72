import Foundation
import Models
import Testing

/// How a checkpoint's own quantisation is read.
@Suite struct NativePrecisionTests {
  private func precision(_ quantisation: String) throws -> Precision {
    let config = """
      {"quantization_config": \(quantisation), "model_type": "llama", "hidden_size": 256,
       "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "vocab_size": 1000,
       "max_position_embeddings": 2048, "torch_dtype": "bfloat16"}
      """
    return try Model(huggingFaceConfig: Data(config.utf8), id: "q", source: "config.json").nativePrecision
  }

  @Test func blockFP8() throws {
    let read = try precision(#"{"quant_method": "fp8", "weight_block_size": [128, 128]}"#)
    #expect(read == Precision(weights: .fp8Block, activations: .fp8))
  }

  @Test func expertsOnly() throws {
    let gptOss = try precision(
      #"{"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]}"#)
    #expect(gptOss == Precision(weights: .bf16, experts: .mxfp4))
    let kimi = try precision(
      """
      {"quant_method": "compressed-tensors", "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*"],
       "config_groups": {"group_0": {"targets": ["Linear"], "input_activations": null,
         "weights": {"num_bits": 4, "type": "int", "group_size": 32}}}}
      """)
    #expect(kimi == Precision(weights: .bf16, experts: .int4Group32))
  }

  @Test func attentionKept() throws {
    let read = try precision(
      #"{"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head", "*.self_attn*"]}"#)
    #expect(read == Precision(weights: .nvfp4, activations: .nvfp4, attention: .bf16))
  }

  @Test func unknownFormatsLeaveANote() throws {
    let config = """
      {"quantization_config": {"quant_method": "aqlm"}, "model_type": "llama", "hidden_size": 256,
       "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "vocab_size": 1000,
       "max_position_embeddings": 2048}
      """
    let model = try Model(huggingFaceConfig: Data(config.utf8), id: "q", source: "config.json")
    #expect(model.notes == ["quantization_config (aqlm) is not read: native precision taken as bf16"])
  }
}
