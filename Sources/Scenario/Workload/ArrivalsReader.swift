import Documents
import Quantities
import Workload

/// How requests arrive, as read.
struct ArrivalsDraft {
  var process: ArrivalProcess
  /// The most requests; nil for no limit but the process's own.
  var requests: Int?
  var warmUpRequests = 0
  /// The trace whose requests arrive, and the file that it is in.
  var trace: (rows: ArrivalTrace, path: String)?
  /// Whether the process goes on for ever of itself.
  var isEndless: Bool
  /// Whether completions drive it.
  var isClosedLoop = false
  let node: Node
  var echo: [(String, JSONValue)]
}

/// Reads `arrivals:` of a workload.
struct ArrivalsReader {
  let paths: PathBase
  /// Whether the run ends at a time, so that a closed loop need not count its requests.
  let hasDuration: Bool
  let problems: ProblemCollector

  private static let processes = [
    "offline", "poisson", "gamma", "deterministic", "on-off", "diurnal", "closed-loop", "trace",
  ]

  /// The arrivals; nil where something is wrong.
  func read(_ field: Field) -> ArrivalsDraft? {
    guard var reader = field.mapping() else { return nil }
    let before = problems.problems.count
    let name = reader.required("process").choice(Self.processes)
    guard let name else { return nil }
    var draft = read(name, &reader)
    reader.finish()
    guard problems.problems.count == before else { return nil }
    // What the fields' own ranges don't say, such as a curve without any rate.
    let wrong = draft?.process.problems() ?? []
    for problem in wrong { field.refuse(inKeys(problem)) }
    draft?.echo.insert(("process", .string(name)), at: 0)
    return wrong.isEmpty ? draft : nil
  }

  private func read(_ name: String, _ reader: inout MappingReader) -> ArrivalsDraft? {
    switch name {
    case "offline": return offline(&reader)
    case "closed-loop": return closedLoop(&reader)
    case "trace": return trace(&reader)
    default: break
    }
    let process: ArrivalProcess?
    var echo: [(String, JSONValue)] = []
    switch name {
    case "on-off": process = onOff(&reader, &echo)
    case "diurnal": process = diurnal(&reader, &echo)
    default: process = renewal(name, &reader, &echo)
    }
    let requests = reader.optional("requests").int(in: 1...Self.mostRequests)
    guard let process else { return nil }
    if let requests { echo.append(("requests", .int(requests))) }
    return ArrivalsDraft(
      process: process, requests: requests, isEndless: requests == nil, node: reader.node, echo: echo)
  }

  private static let mostRequests = 1_000_000_000_000

  private func offline(_ reader: inout MappingReader) -> ArrivalsDraft? {
    guard let requests = reader.required("requests").int(in: 1...Self.mostRequests) else { return nil }
    return ArrivalsDraft(
      process: .offline(requests: requests), requests: requests, isEndless: false, node: reader.node,
      echo: [("requests", .int(requests))])
  }

  private func renewal(_ name: String, _ reader: inout MappingReader, _ echo: inout [(String, JSONValue)])
    -> ArrivalProcess?
  {
    let rate = self.rate(reader.required("rate"))
    if let rate { echo.append(("rate_per_second", .double(rate))) }
    guard name == "gamma" else {
      guard let rate else { return nil }
      return name == "poisson" ? .poisson(requestsPerSecond: rate) : .deterministic(requestsPerSecond: rate)
    }
    let field = reader.required("coefficient_of_variation")
    guard let variation = positive(field, upTo: 100), let rate else { return nil }
    echo.append(("coefficient_of_variation", .double(variation)))
    return .gamma(requestsPerSecond: rate, coefficientOfVariation: variation)
  }

  private func onOff(_ reader: inout MappingReader, _ echo: inout [(String, JSONValue)]) -> ArrivalProcess? {
    let zero = PerSecond(si: 0)...PerSecond(si: 1e9)
    let on = reader.required("on_rate").quantity(PerSecond.self, in: zero)
    let off = reader.required("off_rate").quantity(PerSecond.self, in: zero)
    let meanOn = reader.required("mean_on").quantity(Seconds.self, above: Seconds(si: 0))
    let meanOff = reader.required("mean_off").quantity(Seconds.self, above: Seconds(si: 0))
    guard let on, let off, let meanOn, let meanOff else { return nil }
    echo += [
      ("on_rate_per_second", .double(on.si)), ("off_rate_per_second", .double(off.si)),
      ("mean_on_seconds", .double(meanOn.si)), ("mean_off_seconds", .double(meanOff.si)),
    ]
    return .onOff(
      onRequestsPerSecond: on.si, offRequestsPerSecond: off.si, meanOnSeconds: meanOn.si,
      meanOffSeconds: meanOff.si)
  }

  private func diurnal(_ reader: inout MappingReader, _ echo: inout [(String, JSONValue)]) -> ArrivalProcess?
  {
    let periodField = reader.optional("period")
    let period = periodField.quantity(Seconds.self, above: Seconds(si: 0)) ?? Seconds(si: 86_400)
    let knots = reader.required("curve").list { field -> RateCurve.Knot? in
      guard var knot = field.elementMapping() else { return nil }
      let at = knot.required("at").quantity(Seconds.self)
      let rate = knot.required("rate").quantity(PerSecond.self)
      knot.finish()
      guard let at, let rate else { return nil }
      return RateCurve.Knot(seconds: at.si, requestsPerSecond: rate.si)
    }
    guard let knots else { return nil }
    echo += [
      ("period_seconds", .double(period.si)),
      (
        "curve",
        .array(
          knots.map {
            .object([("at_seconds", .double($0.seconds)), ("rate_per_second", .double($0.requestsPerSecond))])
          })
      ),
    ]
    return .diurnal(RateCurve(periodSeconds: period.si, knots: knots))
  }

  /// Defaults of the InferenceX client: twice the concurrency to warm up, then ten times.
  private func closedLoop(_ reader: inout MappingReader) -> ArrivalsDraft? {
    let concurrency = reader.required("concurrency").int(in: 1...10_000_000)
    let think = reader.optional("think_time").quantity(Seconds.self, in: Seconds(si: 0)...Seconds(si: 1e9))
    let stated = reader.optional("requests").int(in: 1...Self.mostRequests)
    let warmUp = reader.optional("warm_up_requests").int(in: 0...Self.mostRequests)
    guard let concurrency else { return nil }
    let requests = stated ?? (hasDuration ? nil : 10 * concurrency)
    let warmUpRequests = warmUp ?? (hasDuration ? 0 : 2 * concurrency)
    return ArrivalsDraft(
      process: .closedLoop(concurrency: concurrency, thinkTimeSeconds: think?.si ?? 0), requests: requests,
      warmUpRequests: warmUpRequests, isEndless: requests == nil, isClosedLoop: true, node: reader.node,
      echo: [
        ("concurrency", .int(concurrency)), ("think_time_seconds", .double(think?.si ?? 0)),
        ("requests", requests.map { .int($0) } ?? .null), ("warm_up_requests", .int(warmUpRequests)),
      ])
  }

  private func trace(_ reader: inout MappingReader) -> ArrivalsDraft? {
    let fileField = reader.required("file")
    let path = paths.path(fileField)
    let formatField = reader.optional("format")
    let format = formatField.choice(TraceReader.Format.self)
    let scaleField = reader.optional("rate_scale")
    let scale = scaleField.isPresent ? positive(scaleField, upTo: 1e9) : 1
    let requests = reader.optional("requests").int(in: 1...Self.mostRequests)
    let blockField = reader.optional("block_tokens")
    let blockTokens = blockField.int(in: 1...1_000_000)
    guard let path, let scale, blockTokens != nil || !blockField.isPresent,
      format != nil || !formatField.isPresent
    else { return nil }
    let trace: ArrivalTrace
    do {
      trace = try TraceReader(format: format, rateScale: scale, blockTokens: blockTokens).read(path: path)
    } catch {
      report(error, path: path, field: fileField)
      return nil
    }
    return ArrivalsDraft(
      process: trace.arrivals, requests: requests, trace: (trace, path), isEndless: false,
      node: reader.node,
      echo: [
        ("file", .string(fileField.string() ?? path)), ("rate_scale", .double(scale)),
        ("requests", .int(min(requests ?? trace.sent, trace.sent))), ("rows", .int(trace.count)),
        ("mean_rate_per_second", .optional(trace.arrivals.meanRequestsPerSecond)),
        ("prompt_block_tokens", trace.blockTokens > 0 ? .int(trace.blockTokens) : .null),
      ])
  }

  /// A bad row is a problem of the trace's own line; a trace that can't be opened is one of the scenario's.
  private func report(_ error: TraceError, path: String, field: Field) {
    for problem in error.problems {
      if problem.line > 0 {
        problems.record(Problem(file: problem.file, line: problem.line, message: problem.reason))
      } else {
        field.reject(problem.reason)
      }
    }
    if error.omitted > 0 {
      problems.record(Problem(file: path, message: "and \(error.omitted) more problems"))
    }
  }

  /// A problem of the process in the keys of a scenario, which carry units in their values.
  private func inKeys(_ problem: String) -> String {
    problem.replacing("_seconds", with: "").replacing("requests_per_second", with: "rate")
  }

  private func rate(_ field: Field) -> Double? {
    field.quantity(PerSecond.self, in: PerSecond(si: 1e-9)...PerSecond(si: 1e9))?.si
  }

  private func positive(_ field: Field, upTo limit: Double) -> Double? {
    guard let value = field.double() else { return nil }
    guard value > 0, value <= limit else {
      field.reject("out of range", allowed: "more than 0, up to \(plain(limit))")
      return nil
    }
    return value
  }
}

extension ArrivalTrace {
  /// Requests that are sent at their own times.
  fileprivate var sent: Int { graph?.roots.count ?? count }
}
