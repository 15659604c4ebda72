import CostModel
import Scenario
import Models
import Workload

/// How long a point's requests are.
struct PointLengths {
  var lengths: RequestLengths
  /// The longest prompt in tokens.
  var longestInput: Int
  /// The longest answer in tokens.
  var longestOutput: Int
  /// What prompts begin with that others begin with, too, beside ``longestInput``; nil for nothing.
  var shared: SystemPrompts?

  /// Tokens of the longest request.
  var longest: Int { (shared?.tokens ?? 0) + longestInput + longestOutput }
}

extension PointDraft {
  /// The length law of the InferenceX client.
  static let inferenceXLengths = "inferencex-random"

  /// Prompt lengths in tokens that are taken where a source publishes answers only.
  ///
  /// Of GPQA: a question with its choices, whose context the answers outgrow many times. Of LMArena's conversations: what a
  /// turn adds; ML.ENERGY sends every turn as a request of its own, with all that was said before
  /// (``EnergyCampaign/history``).
  private static let assumedInputs = ["gpqa": 300, "lm-arena-chat": 150]

  /// Mean answers in tokens where a data set's own are not published, and the longest that the benchmark allows: the
  /// reference model's by MLPerf's compliance test TEST09.
  private static let referenceOutputs = ["gpt-oss-120b-mlperf": (mean: 1278.2, longest: 10_240)]

  mutating func settleLengths() throws(Unpredictable) {
    if let diffusion = model.diffusion {
      lengths = independent(.fixed(1), .fixed(diffusion.denoisingSteps))
      return
    }
    if model.id == "gpt-j-6b", point.suite == "mlperf" {
      throw Unpredictable("beam search is not modelled (MLPerf runs GPT-J with four beams)")
    }
    switch point.lengths {
    case "", "fixed":
      let (input, output) = try nominal()
      lengths = independent(.fixed(input), stated(output))
      if point.lengths.isEmpty {
        assume("lengths", "fixed", because: "no distribution stated: every request has the stated lengths")
      }
    case Self.inferenceXLengths:
      let (input, output) = try nominal()
      lengths = independent(.inferenceX(length: input), .inferenceX(length: output))
    default: try settleDataset()
    }
  }

  /// Answers of a stated length.
  ///
  /// Clients of a closed loop whose answers all have exactly one length stay in step for ever: every prompt waits for
  /// all others, and no prompt delays an answer. Measured runs with lengths that are called fixed show neither, but
  /// under SGLang, which runs prompts alone.
  private mutating func stated(_ output: Int) -> LengthDistribution {
    guard point.load == .closedLoop else { return .fixed(output) }
    guard framework != .sglang else {
      assume("answer lengths", "as stated", because: "prompts run alone, all that wait: clients stay in step")
      return .fixed(output)
    }
    assume("answer lengths", "within 5 % of the stated one", because: "clients do not stay in step")
    return .uniform(minimum: max(1, output * 95 / 100), maximum: output * 105 / 100)
  }

  private func nominal() throws(Unpredictable) -> (Int, Int) {
    guard let input = point.inputTokens, let output = point.outputTokens else {
      throw Unpredictable("request lengths are not known")
    }
    return (max(1, Int(input.rounded())), max(1, Int(output.rounded())))
  }

  private func independent(_ input: LengthDistribution, _ output: LengthDistribution) -> PointLengths {
    PointLengths(
      lengths: RequestLengths(input: input, output: output, seed: 1, name: "lengths.point"),
      longestInput: input.limits.upperBound, longestOutput: output.limits.upperBound)
  }

  /// Prompts of a data set, answers of which the benchmark states the mean.
  private mutating func settleReferenceOutputs(
    _ input: EmpiricalLengths, _ reference: (mean: Double, longest: Int)
  ) {
    let mean = point.outputTokens ?? reference.mean
    lengths = independent(
      .empirical(input),
      .gamma(mean: mean, coefficientOfVariation: 0.6, minimum: 1, maximum: reference.longest))
    assume(
      "answer lengths", "gamma of mean \(mean), coefficient of variation 0.6",
      because: "only their mean is published")
  }

  /// Lengths of a named data set, answers scaled to the mean that the point states.
  private mutating func settleDataset() throws(Unpredictable) {
    if let dataset = catalogue.datasets[point.lengths] {
      if dataset.output == nil, let input = dataset.input,
        let reference = Self.referenceOutputs[point.lengths]
      {
        return settleReferenceOutputs(input, reference)
      }
      guard let output = dataset.output, let input = dataset.input else {
        throw Unpredictable("answer lengths of '\(point.lengths)' are not published")
      }
      var scaled = dataset
      if let mean = point.outputTokens, mean >= 1, mean <= Double(output.maximum) {
        scaled = dataset.rescaledOutputs(toMean: mean, maximum: output.maximum)
      }
      guard let drawn = scaled.requestLengths(seed: 1, name: "lengths.point") else {
        throw Unpredictable("answer lengths of '\(point.lengths)' are not published")
      }
      lengths = PointLengths(
        lengths: drawn, longestInput: input.maximum, longestOutput: scaled.output?.maximum ?? output.maximum)
      return
    }
    guard let input = Self.assumedInputs[point.lengths], let mean = point.outputTokens else {
      throw Unpredictable("request lengths of '\(point.lengths)' are not published")
    }
    let longest = min(Int(mean * 6) + 1, (model.transformer?.maximumContextTokens ?? .max) - input)
    guard Double(longest) > mean else { throw Unpredictable("answers are longer than the model's context") }
    lengths = independent(
      .fixed(input), .gamma(mean: mean, coefficientOfVariation: 0.6, minimum: 1, maximum: longest))
    assume("isl", "\(input)", because: "not published; short against the answers")
    if point.lengths == EnergyCampaign.conversations {
      lengths.shared = EnergyCampaign.history
      assume(
        "history", "\(EnergyCampaign.history.tokens) tokens more, one of \(EnergyCampaign.history.count)",
        because:
          "every turn of a conversation is a request with all that was said before, in the prefix cache since "
          + "the turn before")
    }
    assume(
      "answer lengths", "gamma, coefficient of variation 0.6", because: "only their mean is published")
  }
}
