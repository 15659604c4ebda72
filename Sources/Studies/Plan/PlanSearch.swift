import CostModel
import Documents
import Hardware
import Models
import Scenario

/// Why configurations were left out, and how many.
public struct PlanRejection: Sendable, Equatable {
  /// In words.
  public var reason: String
  /// Configurations.
  public var count: Int
}

extension [PlanRejection] {
  /// Counts a reason once more.
  mutating func add(_ reason: String, count: Int) {
    if let index = firstIndex(where: { $0.reason == reason }) {
      self[index].count += count
    } else {
      append(PlanRejection(reason: reason, count: count))
    }
  }

  static func += (left: inout [PlanRejection], right: [PlanRejection]) {
    for rejection in right { left.add(rejection.reason, count: rejection.count) }
  }
}

/// What a coarse search went through.
public struct PlanSearchSummary: Sendable, Equatable {
  /// Configurations that were tried, deployment by deployment.
  public var tried = 0
  /// Those of them that keep the targets at some rate.
  public var fitting = 0
  /// Why the others were left out, in the order of their discovery.
  public var rejected: [PlanRejection] = []
}

/// The coarse search: every option of every deployment by itself, in steady state.
struct PlanSearch: Sendable {
  /// What fits on one system at one power limit.
  struct Group: Sendable {
    let system: SystemSpecification
    let powerLimit: Double
    /// The options of each deployment that keep the targets.
    var cells: [[PlanCell]]

    /// The cheapest option of each deployment.
    func best(_ objective: PlanObjective) -> [PlanCell] {
      cells.compactMap { $0.min { $0.cost(objective) < $1.cost(objective) } }
    }
  }

  private struct Job: Sendable {
    let group: Int
    let deployment: Int
    let option: PlanOption
  }

  let study: PlanStudy
  /// Systems and power limits, in the order of the file; after the search only those on which everything fits.
  private(set) var groups: [Group] = []
  private(set) var summary = PlanSearchSummary()
  /// Options that run, but miss targets.
  private var missing: [PlanCell] = []
  private var refusals: [[Problem]] = []

  init(study: PlanStudy) { self.study = study }

  /// Tries everything.
  func run() async -> PlanSearch {
    var search = self
    let section = study.section
    for system in section.systems {
      for limit in section.powerLimits {
        search.groups.append(
          Group(
            system: system, powerLimit: limit, cells: Array(repeating: [], count: section.deployments.count)))
      }
    }
    let first = await search.tryAggregated(isDeep: false)
    let second = await search.tryAggregated(isDeep: true, without: first)
    await search.tryPools(first + second)
    search.groups = search.groups.filter { group in group.cells.allSatisfy { !$0.isEmpty } }
    search.summary.fitting = search.groups.reduce(0) { $0 + $1.cells.reduce(0) { $0 + $1.count } }
    return search
  }

  private func options(_ deployment: Int) -> PlanOptions {
    let node = study.document.deployments[deployment]
    let model = node["model"]?.scalar.flatMap { try? study.document.catalogue.models.model($0.text) }
    let own = node["engine"]
    let isPlain = own?["lora"] == nil && own?["batching"] == nil && model?.diffusion == nil
    return PlanOptions(choices: study.section.deployments[deployment], model: model, takesPools: isPlain)
  }

  /// Tries options without pools; returns those that run, whatever becomes of their targets.
  private mutating func tryAggregated(isDeep: Bool, without known: [(Int, Int, PlanOption)] = []) async -> [(
    Int, Int, PlanOption
  )] {
    var jobs: [Job] = []
    for (number, group) in groups.enumerated() {
      for deployment in group.cells.indices
      where !known.contains(where: { $0.0 == number && $0.1 == deployment }) {
        jobs += options(deployment).aggregated(on: group.system, powerLimit: group.powerLimit, isDeep: isDeep)
          .map { Job(group: number, deployment: deployment, option: $0) }
      }
    }
    let section = study.section
    return await run(jobs) { section.deployments[$0.deployment].modes.contains(.aggregated) }
  }

  private mutating func tryPools(_ running: [(Int, Int, PlanOption)]) async {
    var jobs: [Job] = []
    for (number, group) in groups.enumerated() {
      for deployment in group.cells.indices {
        let fitting = running.filter { $0.0 == number && $0.1 == deployment }.map(\.2)
        jobs += options(deployment).disaggregated(from: fitting).map {
          Job(group: number, deployment: deployment, option: $0)
        }
      }
    }
    _ = await run(jobs) { _ in true }
  }

  private mutating func run(_ jobs: [Job], keeps: (Job) -> Bool) async -> [(Int, Int, PlanOption)] {
    let study = study
    study.progress.expect(jobs.count)
    let trials = await study.map(jobs) { job in
      defer { study.progress.add() }
      return study.document.trial(
        job.option, of: job.deployment, carbon: study.section.carbonGramsPerKilowattHour)
    }
    var running: [(Int, Int, PlanOption)] = []
    for (job, trial) in zip(jobs, trials) {
      let isCounted = keeps(job)
      if isCounted { summary.tried += 1 }
      switch trial {
      case .fits(let cell):
        running.append((job.group, job.deployment, job.option))
        if isCounted { groups[job.group].cells[job.deployment].append(cell) }
      case .misses(let cell):
        running.append((job.group, job.deployment, job.option))
        guard isCounted else { continue }
        missing.append(cell)
        let names = cell.missed.map(\.name).joined(separator: ", ")
        summary.rejected.add("misses \(names.isEmpty ? "targets" : names) at any rate", count: 1)
      case .refused(let problems):
        refusals.append(problems)
        if isCounted { summary.rejected.add(Self.reason(problems[0]), count: 1) }
      }
    }
    return running
  }

  /// A problem without numbers that differ from option to option.
  private static func reason(_ problem: Problem) -> String {
    let isTooLarge = ["no room for the KV cache", "does not fit"].contains { problem.message.hasPrefix($0) }
    return isTooLarge ? "no room for weights and KV cache in the accelerators' memory" : problem.message
  }

  /// Arrivals each second that the workload states; nil where nothing fits.
  var arrivalsPerSecond: Double? {
    groups.first.map { group in
      group.cells.reduce(0) { $0 + $1[0].figures.arrivalsPerSecond / $1[0].figures.factor }
    }
  }

  /// The configuration that comes nearest to the targets; nil where nothing runs at all.
  func nearest(_ objective: PlanObjective) -> PlanNearest? {
    func worst(_ cell: PlanCell) -> Double { cell.missed.map(\.headroom).min() ?? -.infinity }
    guard let cell = missing.max(by: { worst($0) < worst($1) }) else { return nil }
    return PlanNearest(
      option: cell.option, targets: cell.figures.targets, arrivalsPerSecond: nil, accelerators: nil)
  }

  /// What is wrong with the file whatever is chosen is for its writer to mend.
  func throwIfWrong() throws(Problems) {
    guard groups.isEmpty, missing.isEmpty, let first = refusals.first else { return }
    let common = first.filter { problem in
      !Self.isOfChoice(problem) && refusals.allSatisfy { $0.contains(problem) }
    }
    if !common.isEmpty { throw Problems(common) }
  }

  /// Whether a problem comes from what a plan chooses: layouts, formats, batches, sizes.
  private static func isOfChoice(_ problem: Problem) -> Bool {
    if ["no room for the KV cache", "does not fit"].contains(where: { problem.message.hasPrefix($0) }) {
      return true
    }
    let chosen = [
      ".parallel", ".replicas", ".pools", ".max_batch", ".max_num", ".precision", ".power_limit",
      "site.accelerators",
    ]
    return chosen.contains { problem.path.contains($0) } || problem.message.contains("KV blocks")
  }
}

/// The nearest to what was asked that there is.
public struct PlanNearest: Sendable {
  /// The configuration.
  var option: PlanOption
  /// The targets, and what it reaches of them at next to no load.
  public var targets: [PlanReached]
  /// Arrivals each second that it sustains within the targets; nil where it misses them at any rate.
  public var arrivalsPerSecond: Double?
  /// Accelerators that it would take; nil where none are enough.
  public var accelerators: Int?
}
