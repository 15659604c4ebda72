import CostModel
import Foundation
import Scenario

/// Fits what frameworks do around the kernels to end-to-end runs, on `fit` points only.
///
/// Each group of runs starts at the numbers of the wider one that it belongs to and is drawn to them, the more so the fewer runs it has (maximum a posteriori with
/// Gaussian priors on logarithms). Every evaluation simulates every run; all groups of a level move at once, so that a
/// level takes as many evaluations as one group would. Residuals are log ratios of TPOT and of TTFT; large ones count
/// linearly, since some runs hold what no simulation of the stated settings can know.
public struct OverheadCalibration: Sendable {
  /// Standard deviations of log ratios that a simulation is expected to leave: reruns of one configuration differ by
  /// 1 % (TPOT) and 4 % (TTFT) at the median.
  static let tolerance = (tpot: 0.06, ttft: 0.15)
  /// Where residuals, in those standard deviations, begin to count linearly.
  static let corner = 1.5
  /// Levenberg–Marquardt iterations of each level at most.
  static func iterations(_ level: OverheadGroup.Level) -> Int { level == .framework ? 3 : 2 }

  private let points: [BenchmarkPoint]
  private let catalogue: ScenarioCatalogue
  private let threads: Int

  /// A fit; of the points those of the `fit` half count.
  public init(_ points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, threads: Int) {
    self.points = points.filter { $0.split == "fit" }
    self.catalogue = catalogue
    self.threads = threads
  }

  /// The fitted table.
  ///
  /// - Parameters:
  ///   - levels: levels to fit, widest first.
  ///   - progress: called with a line for each level and iteration.
  /// - Returns: the overheads of every group of those levels.
  public func fit(
    levels: [OverheadGroup.Level] = OverheadGroup.Level.allCases,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async -> OverheadTable {
    var blank = catalogue
    blank.efficiencies.overheads = .empty
    let runs = await OverheadRuns(points, with: blank, threads: threads)
    progress("\(runs.runs.count) runs")
    var entries: [OverheadGroup: OverheadTable.Entry] = [:]
    func base(_ group: OverheadGroup) -> FrameworkOverhead {
      catalogue.efficiencies.overhead(of: Framework(rawValue: group.framework) ?? .vllm)
    }
    for level in levels {
      var fit = LevelFit(runs, level: level, base: base) { group in
        for wider in level.wider.reversed() {
          if let found = group.group(at: wider).flatMap({ entries[$0] }) {
            return OverheadParameters.point(found.overhead)
          }
        }
        return OverheadParameters.point(base(group))
      }
      await fit.minimise(iterations: Self.iterations(level), progress: progress)
      for entry in fit.entries { entries[entry.group] = entry }
    }
    return OverheadTable(
      provenance: [
        "Fitted by tokenmill calibrate --points to \(runs.runs.count) end-to-end runs of the fit half of InferenceX's "
          + "points in the PyPI package aiconfigurator-core 0.12.0 (Apache-2.0)"
      ], entries: entries.keys.sorted { $0.sortKey < $1.sortKey }.compactMap { entries[$0] })
  }
}

extension OverheadGroup.Level {
  /// The levels whose groups a group of this one is drawn to, widest first.
  ///
  /// A model on a system is drawn to its kernels: the model on all systems says what is known where it never ran, and
  /// would count its runs twice.
  var wider: [OverheadGroup.Level] {
    switch self {
    case .framework: []
    case .kernels: [.framework]
    case .model, .modelOnSystem: [.framework, .kernels]
    case .version: [.framework, .kernels, .modelOnSystem]
    }
  }
}

/// The groups of one level, each with its own parameters, moved together.
private struct LevelFit {
  /// A group in the fit.
  struct Member {
    let group: OverheadGroup
    let runs: [Int]
    let prior: [Double]
    /// The framework's prior: what is not fitted comes from it.
    let base: FrameworkOverhead
    var point: [Double]
    var damping = 0.1
    var cost = Double.infinity
    /// What a trial that was turned down asks for: the Jacobian stays.
    var isSettled = false
  }

  let runs: OverheadRuns
  let level: OverheadGroup.Level
  var members: [Member]
  private var current: [OverheadRuns.Figures] = []

  init(
    _ runs: OverheadRuns, level: OverheadGroup.Level, base: (OverheadGroup) -> FrameworkOverhead,
    prior: (OverheadGroup) -> [Double]
  ) {
    self.runs = runs
    self.level = level
    var indices: [OverheadGroup: [Int]] = [:]
    for (index, run) in runs.runs.enumerated() {
      guard let group = run.group.group(at: level) else { continue }
      // A framework's own numbers are those of replicas that do both, prompts and answers.
      if level == .framework, run.plan.design.isDisaggregated { continue }
      indices[group, default: []].append(index)
    }
    members = indices.keys.sorted { $0.sortKey < $1.sortKey }.map { group in
      let start = prior(group)
      return Member(
        group: group, runs: indices[group] ?? [], prior: start, base: base(group), point: start)
    }
  }

  /// Simulates all runs, each with its group's numbers at `points`.
  private func figures(_ points: [[Double]]) async -> [OverheadRuns.Figures] {
    var overheads = [FrameworkOverhead?](repeating: nil, count: runs.runs.count)
    for (member, point) in zip(members, points) {
      let overhead = OverheadParameters.overhead(point, of: member.base)
      for index in member.runs { overheads[index] = overhead }
    }
    return await runs.figures(overheads: overheads)
  }

  /// Weighted residuals of a group's runs and of its parameters against their priors.
  private func residuals(_ member: Member, _ figures: [OverheadRuns.Figures], at point: [Double]) -> [Double]
  {
    var residuals: [Double] = []
    for index in member.runs {
      let run = runs.runs[index]
      residuals.append(
        Self.residual(figures[index].tpot, run.measuredTPOT, OverheadCalibration.tolerance.tpot))
      residuals.append(
        Self.residual(figures[index].ttft, run.measuredTTFT, OverheadCalibration.tolerance.ttft))
    }
    for (index, parameter) in OverheadParameters.all.enumerated() {
      residuals.append((point[index] - member.prior[index]) / parameter.spread(level))
    }
    return residuals
  }

  private static func residual(_ predicted: Double?, _ measured: Double?, _ tolerance: Double) -> Double {
    guard let predicted, let measured, predicted > 0, measured > 0 else { return 0 }
    let value = log(predicted / measured) / tolerance
    let corner = OverheadCalibration.corner
    let size = corner * (2 * ((1 + value * value / (corner * corner)).squareRoot() - 1)).squareRoot()
    return value < 0 ? -size : size
  }

  mutating func minimise(iterations: Int, progress: (String) -> Void) async {
    let stride = 0.08
    let count = OverheadParameters.all.count
    var base = await figures(members.map(\.point))
    for index in members.indices {
      members[index].cost = SimulatedFit.sum(residuals(members[index], base, at: members[index].point))
    }
    for iteration in 1...iterations {
      var columns = Array(repeating: [[Double]](), count: members.count)
      for parameter in 0..<count {
        let moved = members.map { member in
          var point = member.point
          point[parameter] += stride
          return point
        }
        let found = await figures(moved)
        for index in members.indices {
          let member = members[index]
          let after = residuals(member, found, at: moved[index])
          let before = residuals(member, base, at: member.point)
          columns[index].append(zip(after, before).map { ($0 - $1) / stride })
        }
      }
      for index in members.indices { members[index].isSettled = false }
      for _ in 0..<3 where members.contains(where: { !$0.isSettled }) {
        let trials = members.indices.map { index -> [Double] in
          let member = members[index]
          guard !member.isSettled else { return member.point }
          let now = residuals(member, base, at: member.point)
          guard let step = SimulatedFit.step(columns[index], now, damping: member.damping) else {
            return member.point
          }
          return zip(member.point, step).map { $0 + min(max($1, -0.7), 0.7) }
        }
        let found = await figures(trials)
        for index in members.indices where !members[index].isSettled {
          let cost = SimulatedFit.sum(residuals(members[index], found, at: trials[index]))
          if cost < members[index].cost {
            members[index].point = trials[index]
            members[index].cost = cost
            members[index].damping *= 0.3
            members[index].isSettled = true
            for run in members[index].runs { base[run] = found[run] }
          } else {
            members[index].damping *= 6
          }
        }
      }
      let total = members.reduce(0) { $0 + $1.cost }
      progress("level \(level), iteration \(iteration): sum of squares \((total * 10).rounded() / 10)")
    }
    current = base
  }

  /// The groups as a table holds them.
  var entries: [OverheadTable.Entry] {
    members.map { member in
      func median(_ error: (OverheadRuns.Run, OverheadRuns.Figures) -> Double?) -> Double {
        let errors = member.runs.compactMap { error(runs.runs[$0], current[$0]) }.sorted()
        return errors.isEmpty ? 0 : (errors[errors.count / 2] * 1e4).rounded() / 1e4
      }
      return OverheadTable.Entry(
        group: member.group, overhead: OverheadParameters.overhead(member.point, of: member.base),
        points: member.runs.count,
        medianErrorOfTPOT: median { run, figures in figures.tpot.map { abs($0 / run.measuredTPOT - 1) } },
        medianErrorOfTTFT: median { run, figures in
          guard let measured = run.measuredTTFT, measured > 0 else { return nil }
          return figures.ttft.map { abs($0 / measured - 1) }
        })
    }
  }
}
