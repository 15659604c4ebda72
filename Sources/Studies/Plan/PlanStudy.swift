import CostModel
import Documents
import Hardware
import Models
import Results
import Scenario
import Synchronization

/// How far a plan is, for whoever watches.
public final class PlanProgress: Sendable {
  private let total = Atomic<Int>(0)
  private let tried = Atomic<Int>(0)
  private let simulations = Atomic<Int>(0)

  /// Nothing has begun.
  public init() {}

  /// How far it is, in words.
  public var text: String {
    let runs = simulations.load(ordering: .relaxed)
    let (done, all) = (tried.load(ordering: .relaxed), total.load(ordering: .relaxed))
    return runs > 0 ? "\(done) configurations tried, \(runs) simulations" : "\(done) of \(all) configurations"
  }

  func expect(_ count: Int) { total.add(count, ordering: .relaxed) }
  func add() { tried.add(1, ordering: .relaxed) }
  func addSimulation() { simulations.add(1, ordering: .relaxed) }
}

/// Finds the best configurations of a site: a coarse search over estimates, then simulations of the finalists.
///
/// The candidates come in a fixed order and results are compared in it: the same file gives the same plan, for any number
/// of threads.
public struct PlanStudy: Sendable {
  let section: PlanSection
  let document: PlanDocument
  let jobs: Int
  let progress: PlanProgress

  /// A study of a scenario's `plan:` section.
  ///
  /// - Parameters:
  ///   - file: the scenario file.
  ///   - catalogue: systems, models, data sets and efficiencies.
  ///   - seed: the seed in place of the file's.
  ///   - jobs: threads, >= 1.
  ///   - progress: is told how far it is.
  /// - Throws: every problem of the section, or that there is none.
  public init(
    _ file: ScenarioFile, with catalogue: ScenarioCatalogue, seed: UInt64? = nil, jobs: Int = 1,
    progress: PlanProgress = PlanProgress()
  ) throws(Problems) {
    section = try file.plan(with: catalogue)
    document = PlanDocument(
      file: file, catalogue: catalogue, options: ResolutionOptions(seed: seed, threads: 1))
    self.jobs = jobs
    self.progress = progress
  }

  private var names: [String] {
    document.deployments.map { $0["name"]?.scalar?.text ?? $0["model"]?.scalar?.text ?? "" }
  }

  /// Searches, simulates and ranks.
  ///
  /// - Returns: the plan, a pure function of the scenario.
  /// - Throws: what is wrong with the scenario, whatever a plan chooses.
  public func run() async throws -> PlanReport {
    let search = await PlanSearch(study: self).run()
    try search.throwIfWrong()
    var report = PlanReport(document, section: section, search: search.summary)
    guard let arrivals = search.arrivalsPerSecond else {
      report.nearest = search.nearest(section.objective)
      return report
    }
    let wanted: Double? =
      switch section.traffic {
      case .rate(let rate): rate / arrivals
      case .growth(let factor): factor
      case nil: nil
      }
    report.wantedArrivalsPerSecond = wanted.map { $0 * arrivals }
    let sizing = PlanSizing(document: document, section: section, names: names, wanted: wanted)
    var (candidates, reasons) = await self.candidates(search, sizing)
    report.search.rejected += reasons
    guard !candidates.isEmpty else {
      report.nearest = search.nearest(section.objective)
      return report
    }
    candidates = ranked(candidates)
    report.candidates = try await confirmed(candidates, sizing, search)
    report.launches =
      report.best.map { PlanLaunch.of($0, document.catalogue.models, document.deployments) } ?? []
    return report
  }

  private func ranked(_ candidates: [PlanCandidate]) -> [PlanCandidate] {
    // Swift's sort keeps the order of equals.
    candidates.sorted { section.objective.prefers($0, to: $1, serves: section.traffic) }
  }

  /// The best candidates of the coarse search at their full size, and why others have none.
  private func candidates(
    _ search: PlanSearch, _ sizing: PlanSizing
  ) async -> ([PlanCandidate], [PlanRejection]) {
    var sizes: [(group: PlanSearch.Group, size: PlanSize)] = []
    var reasons: [PlanRejection] = []
    for group in search.groups {
      do {
        let size = try sizing.size(
          group.system, powerLimit: group.powerLimit, sample: group.best(section.objective).map(\.option))
        sizes.append((group, size))
      } catch {
        reasons.add(error.all[0].message, count: 1)
      }
    }
    let drafts = PlanShortlist(section: section, wanted: sizing.wanted, sizes: sizes).drafts
    let found = await map(drafts) { draft -> Result<PlanCandidate, Problems> in
      do throws(Problems) {
        return .success(try sizing.candidate(draft.cells, within: draft.size))
      } catch {
        return .failure(error)
      }
    }
    for case .failure(let problems) in found { reasons.add(problems.all[0].message, count: 1) }
    return (found.compactMap { try? $0.get() }, reasons)
  }

  /// The candidates with the finalists simulated, best first.
  ///
  /// Where simulation says less of them than the estimate of one that was not simulated, that one is, too.
  private func confirmed(
    _ candidates: [PlanCandidate], _ sizing: PlanSizing, _ search: PlanSearch
  ) async throws(Problems) -> [PlanCandidate] {
    var waiting = candidates[...]
    var done: [PlanCandidate] = []
    while !waiting.isEmpty, done.count < 3 * section.finalists {
      if done.count >= section.finalists, let best = ranked(done).first, best.isFeasible,
        !section.objective.prefers(waiting[waiting.startIndex], to: best, serves: section.traffic)
      {
        break
      }
      let next = Array(waiting.prefix(done.isEmpty ? section.finalists : 1))
      waiting = waiting.dropFirst(next.count)
      let results = await map(next) { candidate -> Result<PlanCandidate, Problems> in
        do throws(Problems) {
          return .success(try await verified(candidate, sizing, search))
        } catch {
          return .failure(error)
        }
      }
      for result in results { done.append(try result.get()) }
    }
    return ranked(done) + waiting
  }

  /// A candidate with what simulation says of it; of a site that is wanted as small as can be, at the size that serves.
  private func verified(
    _ candidate: PlanCandidate, _ sizing: PlanSizing, _ search: PlanSearch
  ) async throws(Problems) -> PlanCandidate {
    func verification(_ candidate: PlanCandidate) -> PlanVerification {
      PlanVerification(candidate: candidate, document: document, section: section) {
        progress.addSimulation()
      }
    }
    var candidate = candidate
    guard let highest = try await verification(candidate).highest() else {
      candidate.isFeasible = false
      return candidate
    }
    guard let wanted = sizing.wanted, candidate.isFeasible else {
      candidate.simulated = highest
      return candidate
    }
    let option = candidate.parts[0].option
    guard
      let group = search.groups.first(where: {
        $0.system == option.system && $0.powerLimit == option.powerLimit
      }),
      let size = try? sizing.size(
        group.system, powerLimit: group.powerLimit, sample: group.best(section.objective).map(\.option))
    else { return candidate }
    var factor = wanted / highest.figures.factor
    for _ in 0..<8 {
      guard let sized = try sizing.resized(candidate, by: factor, within: size) else { break }
      let (simulated, isGood) = try await verification(sized).at(wanted)
      if isGood {
        var sized = sized
        sized.simulated = simulated
        return sized
      }
      factor = max(factor * 1.01, factor + 1.0 / Double(max(candidate.parts.map(\.units).min() ?? 1, 1)))
    }
    candidate.isFeasible = false
    candidate.simulated = highest
    return candidate
  }

  /// Applies a function to elements, as many at once as there are jobs; results are in the order of the elements.
  func map<Element: Sendable, Value: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) async -> Value
  ) async -> [Value] {
    var values = [Value?](repeating: nil, count: elements.count)
    await withTaskGroup(of: (Int, Value).self) { group in
      var next = 0
      func launch() {
        guard next < elements.count else { return }
        let (index, element) = (next, elements[next])
        next += 1
        group.addTask { (index, await transform(element)) }
      }
      for _ in 0..<max(1, jobs) { launch() }
      while let (index, value) = await group.next() {
        launch()
        values[index] = value
      }
    }
    return values.compactMap { $0 }
  }
}
