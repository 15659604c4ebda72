import Documents
import Simulation
import Workload

/// A stream of requests as its mapping states it; what could not be read is nil.
struct StreamDraft {
  let node: Node
  /// The name of its deployment; nil where it names none and there is a choice.
  var deployment: String?
  var arrivals: ArrivalsDraft?
  var lengths: LengthsDraft?
  let lengthsField: Field
  /// What prompts have in common.
  var prompts: PromptsDraft
  /// Who sends them.
  let client: ClientDraft
  var maximumOutputTokens: Int?
  let maximumOutputField: Field
  var targets: LatencyTargets
  var percentileTargets: [PercentileTarget]
  var targetsEcho: JSONValue
}

/// Reads the elements of `workload:`.
struct WorkloadReader {
  let datasets: DatasetCatalogue
  let paths: PathBase
  /// The names of all deployments.
  let deployments: [String]
  /// Whether the run ends at a time.
  let hasDuration: Bool
  let problems: ProblemCollector

  /// One stream; nil where it is no mapping.
  func read(_ field: Field) -> StreamDraft? {
    guard var reader = field.elementMapping() else { return nil }
    let deployment = self.deployment(&reader)
    let arrivals = ArrivalsReader(paths: paths, hasDuration: hasDuration, problems: problems)
      .read(reader.required("arrivals"))
    let lengthsField = reader.optional("lengths")
    let lengthsReader = LengthsReader(datasets: datasets, paths: paths, problems: problems)
    let lengths = lengthsReader.read(lengthsField)
    let prompts = PromptsReader(lengths: lengthsReader).read(&reader)
    let client = ClientReader(lengths: lengthsReader).read(&reader)
    if let trace = arrivals?.trace, trace.rows.graph != nil {
      prompts.conversationsField?.refuse("the rows of \(trace.path) are turns already")
      if client.samples > 1 { client.samplesField?.refuse("rows that others wait for are sampled once") }
    }
    if client.samples > 1,
      prompts.conversations != nil || arrivals?.trace.map({ $0.rows.blockTokens > 0 }) ?? false
    {
      client.samplesField?.refuse("turns of conversations, and prompts that a trace names, are sampled once")
    }
    let maximumField = reader.optional("max_output_tokens")
    let maximum = maximumField.int(in: 1...LengthDistribution.longest)
    let targets = TargetsReader().read(reader.optional("targets"))
    reader.finish()
    return StreamDraft(
      node: reader.node, deployment: deployment, arrivals: arrivals, lengths: lengths,
      lengthsField: lengthsField, prompts: prompts, client: client,
      maximumOutputTokens: maximum, maximumOutputField: maximumField, targets: targets.each,
      percentileTargets: targets.percentiles, targetsEcho: targets.echo)
  }

  private func deployment(_ reader: inout MappingReader) -> String? {
    if deployments.count == 1 {
      let field = reader.optional("deployment")
      return field.isPresent ? field.choice(deployments) : deployments[0]
    }
    let field = reader.required("deployment")
    // Without any readable deployment every name would be called wrong.
    return deployments.isEmpty ? nil : field.choice(deployments)
  }
}

/// How long the requests of a stream are, settled for the deployment that serves them.
struct StreamLengths {
  /// Draws them.
  let lengths: RequestLengths
  /// The longest prompt that can be drawn; nil where only the engine's context bounds it.
  let longestInput: Int?
  /// The longest answer that the client allows.
  let maximumOutputTokens: Int
  /// How `maximumOutputTokens` was found.
  let maximumOutputSource: String
  /// A mean that what is left of the context can't reach, in words; nil where there is none.
  var unreachableMean: String?
  let echo: [(String, JSONValue)]
}

extension StreamDraft {
  /// The lengths of a transformer's requests; nil where none are stated.
  ///
  /// - Parameters:
  ///   - context: the engine's longest prompt + output in tokens, which bounds what a distribution leaves open.
  ///   - seed: the seed of the scenario.
  ///   - name: the name of the random streams.
  /// - Returns: how they are drawn, and their limits.
  func settledLengths(context: Int, seed: UInt64, name: String) -> StreamLengths? {
    let draft =
      lengths
      ?? arrivals?.trace.map {
        LengthsDraft(
          source: .rows($0.rows.lengths, .cyclic), node: node,
          echo: [("trace", .string("the rows of the trace"))])
      }
    guard let draft else { return nil }
    // What every prompt begins with comes before what the lengths give.
    let system = prompts.systemTokens
    let longestInput = draft.longestInput.map { $0 + system }
    let maximum: Int
    let source: String
    if let maximumOutputTokens {
      (maximum, source) = (maximumOutputTokens, "stated in the scenario")
    } else if let longest = longestOutput(draft) {
      (maximum, source) = (longest, "default: the longest answer that can be drawn")
    } else {
      let left = max(1, longestInput.map { context - $0 } ?? context / 2)
      (maximum, source) = (left, "default: what the context leaves")
    }
    let inputCap = max(1, context - maximum - system)
    let lengths: RequestLengths
    var unreachable: String?
    switch draft.source {
    case .independent(let input, let output):
      for (what, draft, most) in [("prompts", input, inputCap), ("answers", output, maximum)] {
        guard let mean = draft.openMean, mean > Double(most) else { continue }
        unreachable = "\(what) of \(plain(mean)) tokens on average, when none can be longer than \(most)"
      }
      lengths = RequestLengths(
        input: input.make(inputCap), output: output.make(maximum), seed: seed, name: name)
    case .rows(let rows, let order):
      lengths = RequestLengths(rows: rows, order: order, seed: seed, name: name)
    }
    var echo = draft.echo + prompts.echo
    if let thinking = client.thinking { echo.append(("thinking_tokens", thinking.echo)) }
    echo.append(("mean_input_tokens", .double(lengths.meanInput)))
    echo.append(("mean_output_tokens", .double(lengths.meanOutput)))
    if longestInput == nil { echo.append(("longest_input_tokens", .int(inputCap))) }
    return StreamLengths(
      lengths: lengths, longestInput: longestInput, maximumOutputTokens: maximum, maximumOutputSource: source,
      unreachableMean: unreachable, echo: echo)
  }

  /// The longest answer that can be drawn, hidden tokens included; nil where there is no limit.
  private func longestOutput(_ draft: LengthsDraft) -> Int? {
    guard let answer = draft.longestOutput else { return nil }
    guard let thinking = client.thinking else { return answer }
    return thinking.longest.map { $0 + answer }
  }

  /// The lengths of an image model's requests: one prompt, and as many steps as the model denoises.
  func imageLengths(steps: Int, seed: UInt64, name: String) -> StreamLengths {
    StreamLengths(
      lengths: RequestLengths(input: .fixed(1), output: .fixed(steps), seed: seed, name: name),
      longestInput: 1,
      maximumOutputTokens: steps, maximumOutputSource: "denoising steps of the model",
      echo: [("images_per_request", .int(1)), ("denoising_steps", .int(steps))])
  }
}
