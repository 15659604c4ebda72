import CostModel
import Hardware
import Quantities

/// How MLPerf Inference submissions set an engine up, for what a result itself does not say.
///
/// NVIDIA publishes its settings with its results (`closed/NVIDIA/configs` of the repositories `inference_results_v4.1` to
/// `v6.0`), and its partners run them with few changes, as AMD's do. The first recipe that fits holds.
struct SubmissionRecipe: Sendable {
  /// The model by catalogue id.
  var model: String
  /// Architectures that it was published for; empty = any.
  var architectures: [Architecture] = []
  /// Device memory in bytes that it was published for: settings follow what fits.
  var memoryBytes = 0...Double.infinity
  /// Requests of one engine at once.
  var batch: Int
  /// Tokens in one step.
  var tokens: Int
  /// Accelerators that share a layer.
  var tensor = 1
  /// Stages of layers.
  var pipeline = 1
  /// The cache's share of the memory that is left.
  var memoryFraction = 0.9
  /// Whether prompts may be cut.
  var chunks = true
  /// Where it is published, in a few words.
  var source: String

  /// Devices of 90 decimal gigabytes and more hold Llama 2 70B in FP8 alone.
  private static let large = 90e9...Double.infinity
  /// Devices like H200.
  private static let largest = 120e9...Double.infinity

  private static let nvidia: [SubmissionRecipe] = [
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.hopper], memoryBytes: largest, batch: 2048, tokens: 1536,
      memoryFraction: 0.95, source: "H200, v5.0"),
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.hopper], memoryBytes: large, batch: 1300, tokens: 1536,
      tensor: 2, source: "H100 NVL, v4.1"),
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.hopper], batch: 2048, tokens: 1536, pipeline: 2,
      memoryFraction: 0.95, source: "H100 SXM, v5.0: two stages of layers rather than two tensor ranks"),
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.blackwell], batch: 2048, tokens: 3584, memoryFraction: 0.95,
      source: "B200, v5.0"),
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.other("blackwell-workstation")], batch: 2048, tokens: 2048,
      source: "RTX PRO 6000, v6.0"),
    SubmissionRecipe(
      model: "llama-3.1-405b", architectures: [.hopper], batch: 512, tokens: 1536, tensor: 4, pipeline: 2,
      memoryFraction: 0.95, source: "H200 offline, v5.0"),
    SubmissionRecipe(
      model: "llama-3.1-405b", architectures: [.blackwell], memoryBytes: 0...200e9, batch: 128, tokens: 1536,
      tensor: 2, pipeline: 2, memoryFraction: 0.95, source: "B200 and GB200 offline, v5.0"),
    SubmissionRecipe(
      model: "mixtral-8x7b", architectures: [.hopper], memoryBytes: largest, batch: 3072, tokens: 9216,
      source: "H200, v5.1"),
    SubmissionRecipe(
      model: "mixtral-8x7b", architectures: [.hopper], batch: 896, tokens: 8192, source: "H100, v5.0"),
    SubmissionRecipe(
      model: "mixtral-8x7b", architectures: [.blackwell], batch: 6144, tokens: 14_336, memoryFraction: 0.95,
      chunks: false, source: "B200, v5.0"),
    SubmissionRecipe(model: "llama-3.1-8b", batch: 6000, tokens: 12_000, source: "B200, v5.1"),
    SubmissionRecipe(
      model: "gpt-oss-120b", batch: 896, tokens: 13_914, source: "GB300 and B300, v6.0: an engine a GPU"),
    SubmissionRecipe(
      model: "deepseek-r1", batch: 512, tokens: 3456, chunks: false, source: "B200, v5.1"),
  ]

  /// AMD's, from results that state them; its partners run AMD's containers.
  private static let amd: [SubmissionRecipe] = [
    SubmissionRecipe(
      model: "llama-2-70b", architectures: [.cdna3, .cdna4], batch: 1792, tokens: 40_960,
      source: "MI300X offline, v5.1")
  ]

  /// The recipe for a model on a system; nil where none is published.
  static func published(_ model: String, on system: SystemSpecification, with framework: Framework)
    -> SubmissionRecipe?
  {
    let recipes: [Framework: [SubmissionRecipe]] = [.tensorRTLLM: nvidia, .vllm: amd]
    return recipes[framework, default: []].first { recipe in
      recipe.model == model
        && (recipe.architectures.isEmpty || recipe.architectures.contains(system.architecture))
        && recipe.memoryBytes.contains(system.accelerator.memory.si)
    }
  }
}
