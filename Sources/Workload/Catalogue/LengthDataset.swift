/// Prompt and answer lengths derived from a benchmark's data set or a production trace.
public struct LengthDataset: Sendable, Equatable {
  /// What the tables hold.
  public enum Tables: Sendable, Equatable {
    /// Prompts and answers apart; no answers where none were published.
    case independent(input: EmpiricalLengths, output: EmpiricalLengths?)
    /// Prompts with their answers, where the one says something of the other.
    case paired(PairedLengths)
  }

  /// The name that a scenario uses, such as `openorca-mlperf`.
  public let id: String
  /// Other names of the same data, such as those that benchmark points use.
  public let aliases: [String]
  /// What it is, in a line.
  public let title: String
  /// Who measured it.
  public let source: String
  /// The licence of the source.
  public let licence: String
  /// How each table was derived from the source, with the correlation of inputs and outputs where it is known.
  public let derivations: [String]
  /// The lengths, in tokens.
  public let tables: Tables

  /// The prompt lengths alone.
  public var input: EmpiricalLengths? {
    switch tables {
    case .independent(let input, _): input
    case .paired(let pairs): pairs.inputTable
    }
  }

  /// The answer lengths alone; nil where none were published.
  public var output: EmpiricalLengths? {
    switch tables {
    case .independent(_, let output): output
    case .paired(let pairs): pairs.outputTable
    }
  }

  /// The lengths of a workload's requests, each drawn as often as it was seen.
  /// - Parameters:
  ///   - seed: the seed of the scenario.
  ///   - run: the replication.
  ///   - name: the name of the random streams.
  /// - Returns: nil where the data set has no answers; ``input`` then goes with a distribution of the user's.
  public func requestLengths(seed: UInt64, run: UInt64 = 0, name: String = "lengths") -> RequestLengths? {
    switch tables {
    case .independent(_, nil):
      return nil
    case .independent(let input, .some(let output)):
      return RequestLengths(
        input: .empirical(input), output: .empirical(output), seed: seed, run: run, name: name)
    case .paired(let pairs):
      return RequestLengths(rows: pairs, order: .independent, seed: seed, run: run, name: name)
    }
  }

  /// The data set with its answers scaled to another mean, for results that state theirs.
  /// - Parameters:
  ///   - mean: the wanted mean answer length in tokens, in 1...maximum.
  ///   - maximum: the longest answer to give, in tokens, such as the benchmark's `max_output_tokens`.
  /// - Returns: the scaled data set; itself where it has no answers.
  public func rescaledOutputs(toMean mean: Double, maximum: Int) -> LengthDataset {
    let scaled: Tables
    switch tables {
    case .independent(let input, let output):
      scaled = .independent(input: input, output: output?.rescaled(toMean: mean, maximum: maximum))
    case .paired(let pairs):
      scaled = .paired(pairs.rescaledOutputs(toMean: mean, maximum: maximum))
    }
    return LengthDataset(
      id: id, aliases: aliases, title: title, source: source, licence: licence,
      derivations: derivations + ["answers scaled to a mean of \(mean) tokens, at most \(maximum)"],
      tables: scaled)
  }
}
