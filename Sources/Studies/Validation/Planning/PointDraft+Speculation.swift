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
    guard let found = Self.acceptanceLengths.first(where: { model.id.hasPrefix($0.prefix) }) else {
      throw Unpredictable("suspected of speculative decoding, whose acceptance length is not known")
    }
    let drafts = framework == .tensorRTLLM && (point.attentionData ?? 1) > 1 ? 1 : 3
    let length = found.lengths[drafts - 1]
    engine.options.speculation = Speculation(draftTokens: drafts, acceptanceLength: length)
    assume(
      "speculation", "\(drafts) drafts, \(length) tokens a step",
      because:
        "suspected, no label states it; drafts of InferenceX recipes, acceptance measured for the model's family"
    )
  }
}
