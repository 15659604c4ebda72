import Documents
import Results

/// Runs side by side: figures, where their time goes, which limit binds, what differs between them.
public struct CompareReport: Sendable {
  /// A figure of every run.
  struct Row: Sendable {
    /// Its path in the summary, or its name.
    var name: String
    /// One value a run; nil where the run has none.
    var values: [Double?]

    /// The values over the first one; nil where either is missing or the first is 0.
    var ratios: [Double?] {
      guard let first = values.first ?? nil, first != 0 else { return values.map { _ in nil } }
      return values.map { $0.map { $0 / first } }
    }
  }

  /// A value of every run that is not the same everywhere.
  struct Difference: Sendable {
    /// Its path in the resolved configuration, or in a system.
    var path: String
    /// One value a run; nil where the run has none.
    var values: [JSONValue?]
  }

  /// How a run's shares of time differ from the first run's.
  struct LimitMove: Sendable {
    /// What binds the first run.
    var from: String
    /// What binds this one.
    var to: String
    /// The limit whose share of all time rose most, and by how much of all time.
    var rise: (limit: String, share: Double)?
    /// The limit whose share of all time fell most, and by how much, below 0.
    var fall: (limit: String, share: Double)?
  }

  /// What is compared, the reference first.
  public let runs: [ComparedRun]
  /// Events that were handled to get there.
  public let events: Int64
  let figures: [Row]
  /// Accelerator-seconds for an output token by operator, of those that any run has.
  let operators: [Row]
  /// The same by limit.
  let limits: [Row]
  /// Shares of all time by limit.
  let shares: [Row]
  /// What binds each pool, where deployments have several: idle pools hide what binds the busy ones.
  let pools: [(name: String, limits: [String?])]
  /// One for each run but the first; nil where either has no shares.
  let moves: [LimitMove?]
  /// What differs in the resolved configurations.
  let differences: [Difference]
  /// What differs in the hardware, system by system.
  let hardware: [(system: Int, difference: Difference)]

  init(_ runs: [ComparedRun], events: Int64) {
    self.runs = runs
    self.events = events
    figures = CompareFigure.all.map { figure in
      Row(name: figure.path, values: runs.map { $0.summary.flatMap { figure.value(in: $0) } })
    }.filter { row in row.values.contains { $0 != nil } }
    operators = Self.parts(runs, \.byOperator)
    limits = Self.parts(runs, \.byLimit)
    shares = Self.shares(runs)
    pools = Self.pools(runs)
    moves = runs.indices.dropFirst().map { [shares] in Self.move(runs, $0, shares) }
    differences = ConfigurationDifference.between(runs.map { $0.summary?["configuration"] })
    hardware = Self.hardware(runs)
  }

  /// The runs that could run.
  var standing: [ComparedRun] { runs.filter { $0.summary != nil } }

  /// The seed of every run, where they have one in common.
  var seed: String? {
    let seeds = standing.map(\.seed)
    return seeds.allSatisfy { $0 == seeds.first } ? seeds.first : nil
  }

  private static func parts(_ runs: [ComparedRun], _ parts: KeyPath<AcceleratorTime, [AcceleratorTime.Part]>)
    -> [Row]
  {
    var names: [String] = []
    for part in runs.flatMap({ $0.time?[keyPath: parts] ?? [] }) where !names.contains(part.name) {
      names.append(part.name)
    }
    return names.map { name in
      Row(
        name: name,
        values: runs.map { run in
          run.time.map { time in time[keyPath: parts].first { $0.name == name }?.seconds ?? 0 }
        })
    }.filter { row in row.values.contains { ($0 ?? 0) > 0 } }
  }

  private static func shares(_ runs: [ComparedRun]) -> [Row] {
    var names: [String] = []
    for run in runs {
      guard case .object(let members)? = run.summary?["step_time"]?["by_limit_share"] else { continue }
      for (name, _) in members where !names.contains(name) { names.append(name) }
    }
    return names.map { name in
      Row(name: name, values: runs.map { $0.summary?.number(at: "step_time.by_limit_share.\(name)") })
    }
  }

  private static func pools(_ runs: [ComparedRun]) -> [(name: String, limits: [String?])] {
    let all = runs.map { $0.summary.map { PoolLimit.all(of: $0) } ?? [] }
    var names: [String] = []
    for pool in all.joined() where !names.contains(pool.name) { names.append(pool.name) }
    return names.map { name in (name, all.map { pools in pools.first { $0.name == name }?.limit }) }
  }

  private static func move(_ runs: [ComparedRun], _ index: Int, _ shares: [Row]) -> LimitMove? {
    guard let from = runs[0].bindingLimit, let to = runs[index].bindingLimit else { return nil }
    let changes = shares.compactMap { row -> (limit: String, share: Double)? in
      guard let first = row.values[0], let value = row.values[index] else { return nil }
      return (row.name, value - first)
    }
    return LimitMove(
      from: from, to: to,
      rise: changes.max { $0.share < $1.share }.flatMap { $0.share > 0 ? $0 : nil },
      fall: changes.min { $0.share < $1.share }.flatMap { $0.share < 0 ? $0 : nil })
  }

  private static func hardware(_ runs: [ComparedRun]) -> [(system: Int, difference: Difference)] {
    let count = runs.map(\.systems.count).max() ?? 0
    return (0..<count).flatMap { system in
      let systems = runs.map { $0.systems.indices.contains(system) ? $0.systems[system] : nil }
      let values: [JSONValue?] = systems.map { system in
        system.map { .object($0.figures.map { ($0.path, .string($0.value)) }) }
      }
      return ConfigurationDifference.between(values, isFlat: true).map { (system, $0) }
    }
  }
}

/// What binds a pool of a deployment that has several.
struct PoolLimit: Sendable, Equatable {
  /// The deployment and the role: `chat decode`.
  var name: String
  /// The largest of compute, memory, network, launch and idle.
  var limit: String

  /// The pools of a summary, in order; none of a deployment that has one.
  static func all(of summary: JSONValue) -> [PoolLimit] {
    guard case .array(let deployments)? = summary["deployments"] else { return [] }
    return deployments.flatMap { deployment -> [PoolLimit] in
      guard case .array(let pools)? = deployment["pools"], pools.count > 1,
        case .string(let name)? = deployment["name"]
      else { return [] }
      return pools.compactMap { pool in
        guard case .string(let role)? = pool["role"], let time = pool["step_time"]?["by_limit"],
          case .object(let members) = time
        else { return nil }
        let limits = members.map { (name: $0.0, seconds: time.number(at: $0.0) ?? 0) }
        return limits.max { $0.seconds < $1.seconds }.map {
          PoolLimit(name: "\(name) \(role)", limit: $0.name)
        }
      }
    }
  }
}

/// A headline figure and how it is written.
struct CompareFigure: Sendable {
  /// Its path in the summary, or a formula of one.
  let path: String
  /// What tables call it.
  let name: String
  let text: @Sendable (Double?) -> String
  var inverts = false

  /// The figure of a run; nil where it has none.
  func value(in summary: JSONValue) -> Double? {
    guard inverts else { return summary.number(at: path) }
    return summary.number(at: "latency_seconds.tpot.p50").flatMap { $0 > 0 ? 1 / $0 : nil }
  }

  /// The figures in the order of tables.
  static let all: [CompareFigure] = [
    .init(path: "throughput.output_tokens_per_second", name: "output tokens/s") { Numbers.text($0) },
    .init(path: "throughput.output_tokens_per_second_per_gpu", name: "  per GPU") { Numbers.text($0) },
    .init(path: "cost.output_tokens_per_second_per_megawatt", name: "  per site MW") { Numbers.text($0) },
    .init(
      path: "1 / latency_seconds.tpot.p50", name: "  per user", text: { Numbers.text($0) }, inverts: true),
    .init(path: "throughput.images_per_second", name: "images/s") { Numbers.text($0) },
    .init(path: "throughput.requests_per_second", name: "requests/s") { Numbers.text($0) },
    .init(path: "throughput.goodput_requests_per_second", name: "  within targets") { Numbers.text($0) },
    .init(path: "latency_seconds.ttft.p50", name: "TTFT p50", text: Numbers.seconds),
    .init(path: "latency_seconds.ttft.p99", name: "     p99", text: Numbers.seconds),
    .init(path: "latency_seconds.tpot.p50", name: "TPOT p50", text: Numbers.seconds),
    .init(path: "latency_seconds.tpot.p99", name: "     p99", text: Numbers.seconds),
    .init(path: "power_watts.gpu_mean", name: "one GPU in use", text: Numbers.watts),
    .init(path: "power_watts.it_mean", name: "IT power", text: Numbers.watts),
    .init(path: "power_watts.site_mean", name: "site power", text: Numbers.watts),
    .init(path: "energy.gpu_joules_per_output_token", name: "GPU J/output token") { Numbers.text($0) },
    .init(path: "energy.site_joules_per_output_token", name: "site J/output token") { Numbers.text($0) },
    .init(
      path: "cost.dollars_per_million_output_tokens", name: "$/M output tokens", text: Numbers.dollars),
    .init(
      path: "economics.dollars_per_million_output_tokens.total", name: "  with everything",
      text: Numbers.dollars),
    .init(path: "gpus", name: "GPUs") { Numbers.text($0) },
  ]
}
