import Documents
import Workload

/// A length distribution whose longest length may still be open.
struct DistributionDraft {
  /// Makes the distribution with a longest length for a shape that has none.
  let make: (_ open: Int) -> LengthDistribution
  /// The longest length; nil where the shape is unbounded and the scenario names no `max`.
  let longest: Int?
  /// The stated mean of a shape that has no longest length.
  var openMean: Double?
  let echo: JSONValue
}

/// How long requests are, as read.
struct LengthsDraft {
  /// Where lengths come from.
  enum Source {
    /// Prompts and answers drawn independently.
    case independent(input: DistributionDraft, output: DistributionDraft)
    /// Rows of pairs.
    case rows(PairedLengths, RequestLengths.RowOrder)
  }

  let source: Source
  let node: Node
  let echo: [(String, JSONValue)]

  /// The longest prompt; nil where there is no limit.
  var longestInput: Int? {
    switch source {
    case .independent(let input, _): input.longest
    case .rows(let rows, _): rows.inputs.max().map { Int($0) }
    }
  }

  /// The longest answer; nil where there is no limit.
  var longestOutput: Int? {
    switch source {
    case .independent(_, let output): output.longest
    case .rows(let rows, _): rows.outputs.max().map { Int($0) }
    }
  }
}

/// Reads `lengths:` of a workload.
struct LengthsReader {
  let datasets: DatasetCatalogue
  let paths: PathBase
  let problems: ProblemCollector

  /// The lengths; nil where something is wrong.
  func read(_ field: Field) -> LengthsDraft? {
    guard var reader = field.mapping() else { return nil }
    if reader.has("inferencex") {
      let draft = inferenceX(reader.optional("inferencex"), reader.node)
      reader.finish()
      return draft
    }
    if reader.has("dataset") {
      let draft = dataset(&reader)
      reader.finish()
      return draft
    }
    let input = distribution(reader.required("input"))
    let output = distribution(reader.required("output"))
    _ = reader.optional("dataset")
    _ = reader.optional("inferencex")
    reader.finish()
    guard let input, let output else { return nil }
    return LengthsDraft(
      source: .independent(input: input, output: output), node: reader.node,
      echo: [("input", input.echo), ("output", output.echo)])
  }

  /// Uniform in [ratio · L, L], as the InferenceX client draws.
  private func inferenceX(_ field: Field, _ node: Node) -> LengthsDraft? {
    guard var reader = field.mapping() else { return nil }
    let input = reader.required("input").int(in: 1...LengthDistribution.longest)
    let output = reader.required("output").int(in: 1...LengthDistribution.longest)
    let ratio = reader.optional("ratio").double(in: 0...1) ?? 0.8
    reader.finish()
    guard let input, let output else { return nil }
    func draft(_ length: Int) -> DistributionDraft {
      let uniform = LengthDistribution.inferenceX(length: length, ratio: ratio)
      return DistributionDraft(
        make: { _ in uniform }, longest: length, echo: Self.uniformEcho(uniform.limits))
    }
    let inputs = draft(input)
    let outputs = draft(output)
    return LengthsDraft(
      source: .independent(input: inputs, output: outputs), node: node,
      echo: [
        (
          "inferencex",
          .object([("input", .int(input)), ("output", .int(output)), ("ratio", .double(ratio))])
        ),
        ("input", inputs.echo), ("output", outputs.echo),
      ])
  }

  private func dataset(_ reader: inout MappingReader) -> LengthsDraft? {
    let field = reader.required("dataset")
    let meanField = reader.optional("output_mean")
    let mean = meanField.double(in: 1...1e6)
    let outputField = reader.optional("output")
    let stated = distribution(outputField)
    guard let id = field.choice(datasets.names), var dataset = datasets[id] else { return nil }
    if let mean, let longest = dataset.output?.maximum {
      guard mean <= Double(longest) else {
        meanField.reject("out of range", allowed: "at most the longest answer of \(id), \(longest) tokens")
        return nil
      }
      dataset = dataset.rescaledOutputs(toMean: mean, maximum: longest)
    }
    var echo: [(String, JSONValue)] = [
      ("dataset", .string(dataset.id)), ("source", .string(dataset.source)),
      ("derived", .array(dataset.derivations.map { .string($0) })),
    ]
    if let stated {
      guard let input = dataset.input else { return nil }
      echo.append(("output", stated.echo))
      return LengthsDraft(
        source: .independent(input: Self.empirical(input), output: stated), node: reader.node, echo: echo)
    }
    guard !outputField.isPresent else { return nil }
    switch dataset.tables {
    case .paired(let rows):
      return LengthsDraft(source: .rows(rows, .independent), node: reader.node, echo: echo)
    case .independent(let input, let output?):
      return LengthsDraft(
        source: .independent(input: Self.empirical(input), output: Self.empirical(output)), node: reader.node,
        echo: echo)
    case .independent(_, nil):
      field.reject("has prompts only; state `output` beside it")
      return nil
    }
  }

  private static func empirical(_ table: EmpiricalLengths) -> DistributionDraft {
    DistributionDraft(
      make: { _ in .empirical(table) }, longest: table.maximum,
      echo: .object([
        ("empirical_samples", .int(Int(table.sampleCount))), ("min", .int(table.minimum)),
        ("max", .int(table.maximum)),
      ]))
  }

  private static func uniformEcho(_ limits: ClosedRange<Int>) -> JSONValue {
    .object([("uniform", .object([("min", .int(limits.lowerBound)), ("max", .int(limits.upperBound))]))])
  }
}

extension LengthsReader {
  private static let shapes = ["fixed", "uniform", "lognormal", "gamma", "empirical"]

  /// One distribution: a whole number, or a mapping with one shape.
  func distribution(_ field: Field) -> DistributionDraft? {
    guard let node = field.node else { return nil }
    if node.scalar != nil { return fixed(field) }
    guard var reader = field.mapping() else { return nil }
    let given = Self.shapes.filter { reader.has($0) }
    reader.finish()
    guard given.count == 1 else {
      if given.count > 1 || reader.remainingKeys().isEmpty {
        field.reject(
          "one distribution is needed",
          allowed: "a number of tokens, or one of \(Self.shapes.joined(separator: ", "))")
      }
      return nil
    }
    let shape = reader.optional(given[0])
    switch given[0] {
    case "fixed": return fixed(shape)
    case "uniform": return uniform(shape)
    case "empirical": return table(shape)
    default: return continuous(shape, given[0])
    }
  }

  private static let range = 1...LengthDistribution.longest

  private func fixed(_ field: Field) -> DistributionDraft? {
    guard let length = field.int(in: Self.range) else { return nil }
    return DistributionDraft(
      make: { _ in .fixed(length) }, longest: length, echo: .object([("fixed", .int(length))]))
  }

  private func uniform(_ field: Field) -> DistributionDraft? {
    guard var reader = field.mapping() else { return nil }
    let minimum = reader.required("min").int(in: Self.range)
    let maximumField = reader.required("max")
    let maximum = maximumField.int(in: Self.range)
    reader.finish()
    guard let minimum, let maximum else { return nil }
    guard minimum <= maximum else {
      maximumField.reject("below min", allowed: "at least \(minimum)")
      return nil
    }
    return DistributionDraft(
      make: { _ in .uniform(minimum: minimum, maximum: maximum) }, longest: maximum,
      echo: Self.uniformEcho(minimum...maximum))
  }

  private func continuous(_ field: Field, _ shape: String) -> DistributionDraft? {
    guard var reader = field.mapping() else { return nil }
    let mean = reader.required("mean").double(in: 1...Double(LengthDistribution.longest))
    let variationField = reader.required("coefficient_of_variation")
    let variation = variationField.double(in: 1e-6...100)
    let minimumField = reader.optional("min")
    let minimum = minimumField.isPresent ? minimumField.int(in: Self.range) : 1
    let maximumField = reader.optional("max")
    let maximum = maximumField.int(in: Self.range)
    reader.finish()
    guard let mean, let variation, let minimum, maximum != nil || !maximumField.isPresent else { return nil }
    if let maximum, maximum < minimum {
      maximumField.reject("below min", allowed: "at least \(minimum)")
      return nil
    }
    var echo: [(String, JSONValue)] = [
      ("mean", .double(mean)), ("coefficient_of_variation", .double(variation)), ("min", .int(minimum)),
    ]
    if let maximum { echo.append(("max", .int(maximum))) }
    return DistributionDraft(
      make: { open in
        let longest = max(maximum ?? open, minimum)
        return shape == "gamma"
          ? .gamma(mean: mean, coefficientOfVariation: variation, minimum: minimum, maximum: longest)
          : .lognormal(mean: mean, coefficientOfVariation: variation, minimum: minimum, maximum: longest)
      }, longest: maximum, openMean: maximum == nil ? mean : nil, echo: .object([(shape, .object(echo))]))
  }

  private func table(_ field: Field) -> DistributionDraft? {
    guard var reader = field.mapping() else { return nil }
    let fileField = reader.required("file")
    let path = paths.path(fileField)
    reader.finish()
    guard let path, let table = LengthTable.read(path: path, field: fileField, problems: problems) else {
      return nil
    }
    return Self.empirical(table)
  }
}
