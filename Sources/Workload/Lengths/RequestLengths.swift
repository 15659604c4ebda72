/// The prompt and answer length of every request of a workload, keyed by the request's number.
///
/// What request n gets depends on (seed, run, name, n) only: not on who asks first, nor on how often.
public struct RequestLengths: Sendable {
  /// How rows of a table are dealt to requests.
  public enum RowOrder: Sendable, Equatable {
    /// Each request draws a row, as often as it counts.
    case independent
    /// Request n gets the n-th row, each row as often as it counts; after the last comes the first again.
    case cyclic
  }

  private enum Source: Sendable {
    case independent(input: LengthSampler, output: LengthSampler)
    case drawnRows(PairedLengths)
    case cyclicRows(PairedLengths)
  }

  private let source: Source
  private let inputStreams: RandomStreamFamily
  private let outputStreams: RandomStreamFamily

  /// The mean prompt length, in tokens, with rounding and limits.
  public let meanInput: Double
  /// The mean answer length, in tokens, with rounding and limits.
  public let meanOutput: Double

  /// Prompt and answer lengths drawn independently of one another.
  /// - Parameters:
  ///   - input: the distribution of prompt lengths; its `problems()` must be empty.
  ///   - output: the distribution of answer lengths; its `problems()` must be empty.
  ///   - seed: the seed of the scenario.
  ///   - run: the replication.
  ///   - name: the name of the random streams; prompts and answers have one each.
  public init(
    input: LengthDistribution, output: LengthDistribution, seed: UInt64, run: UInt64 = 0,
    name: String = "lengths"
  ) {
    source = .independent(input: LengthSampler(input), output: LengthSampler(output))
    inputStreams = RandomStreamFamily(seed: seed, run: run, name + ".input")
    outputStreams = RandomStreamFamily(seed: seed, run: run, name + ".output")
    meanInput = input.mean
    meanOutput = output.mean
  }

  /// Pairs of lengths from the rows of a table.
  /// - Parameters:
  ///   - rows: the pairs; a trace's are ``ArrivalTrace/lengths``.
  ///   - order: how rows are dealt to requests.
  ///   - seed: the seed of the scenario; `cyclic` does not use it.
  ///   - run: the replication.
  ///   - name: the name of the random stream.
  public init(
    rows: PairedLengths, order: RowOrder, seed: UInt64, run: UInt64 = 0, name: String = "lengths"
  ) {
    switch order {
    case .independent: source = .drawnRows(rows)
    case .cyclic: source = .cyclicRows(rows)
    }
    inputStreams = RandomStreamFamily(seed: seed, run: run, name + ".rows")
    outputStreams = inputStreams
    meanInput = rows.meanInput
    meanOutput = rows.meanOutput
  }

  /// The lengths of request n, counted from 0, in tokens, both >= 1.
  public func lengths(ofRequest n: UInt64) -> (input: Int, output: Int) {
    switch source {
    case .independent(let input, let output):
      var inputStream = inputStreams.stream(index: n)
      var outputStream = outputStreams.stream(index: n)
      return (input.draw(from: &inputStream), output.draw(from: &outputStream))
    case .drawnRows(let rows):
      var stream = inputStreams.stream(index: n)
      return rows.lengths(atPosition: stream.uniformInteger(below: rows.requestCount))
    case .cyclicRows(let rows):
      return rows.lengths(atPosition: n % rows.requestCount)
    }
  }
}
