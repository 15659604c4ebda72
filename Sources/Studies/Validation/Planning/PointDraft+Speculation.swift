import CostModel
import Models
import Simulation

extension PointDraft {
  /// Mean tokens that a step yields, by drafts from 1 to 3.
  ///
  /// Source: InferenceX, `golden_al_distribution`: SPEED-Bench qualitative and coding questions with thinking, vLLM on
  /// B300, 2026; multi-token prediction of DeepSeek-V4-Pro, GLM-5.2, Qwen3.5-397B, EAGLE-3 of Kimi-K2.5 and MiniMax-M3.
  private static let acceptanceLengths: [(prefix: String, lengths: [Double])] = [
    ("deepseek", [1.79, 2.27, 2.49]), ("glm-5", [1.84, 2.50, 2.99]), ("qwen3.5", [1.93, 2.73, 3.39]),
    ("kimi-k2.5", [1.83, 2.43, 2.88]),
  ]

  /// Speculation that a run is suspected of and no label states: as in the recipes of its framework, with the
  /// acceptance length that was measured for the model or the nearest of its family.
  mutating func settleSpeculation() throws(Unpredictable) {
    let groups = point.attentionData ?? 1
    let drafts =
      switch framework {
      case .tensorRTLLM: groups > 1 ? 1 : 3
      case .sglang: 2
      case .vllm: 3
      }
    try settleSpeculation(drafts: drafts)
    if framework == .tensorRTLLM { settleSpeculativeLimits(drafts: drafts, groups: groups) }
  }

  /// Speculation with this many drafts, and the acceptance length measured for the model or the nearest of its family.
  mutating func settleSpeculation(drafts: Int) throws(Unpredictable) {
    guard let found = Self.acceptanceLengths.first(where: { model.id.hasPrefix($0.prefix) }),
      found.lengths.indices.contains(drafts - 1)
    else {
      throw Unpredictable("suspected of speculative decoding, whose acceptance length is not known")
    }
    let length = found.lengths[drafts - 1]
    engine.options.speculation = Speculation(draftTokens: drafts, acceptanceLength: length)
    engine.options.maximumBatchTokens = max(
      engine.options.maximumBatchTokens, engine.options.maximumBatchSize * (drafts + 1))
    assume(
      "speculation", "\(drafts) drafts, \(length) tokens a step",
      because:
        "no label states it; drafts of the InferenceX recipe, acceptance measured for the model's family"
    )
  }

  /// Limits that InferenceX's recipes with multi-token prediction give TensorRT-LLM: as many requests as clients, and
  /// tokens for a step of all of them and one prompt.
  private mutating func settleSpeculativeLimits(drafts: Int, groups: Int) {
    guard point.lengths == Self.inferenceXLengths, let clients = point.concurrency else { return }
    let size = max(1, Int(clients) / groups)
    let prompt = Int(point.inputTokens ?? Double(lengths.longestInput))
    let tokens = ((drafts + 1) * size + prompt + 64 + 63) / 64 * 64
    engine.options.maximumBatchSize = size
    engine.options.maximumBatchTokens = tokens
    let reason = "InferenceX recipe with multi-token prediction: the clients, and room for one prompt more"
    assume("max_batch_size", "\(size)", because: reason)
    assume("max_batch_tokens", "\(tokens)", because: reason)
  }
}
