import Documents
import Results
import Scenario

/// Keeps the points of a sweep in a store as they end, and knows those that an earlier process has kept.
public struct SweepLog: Sendable {
  private let store: ResultStore
  private let sweep: Sweep
  private let id: Int64
  /// The points that are there already, in their order.
  public let known: [SweptPoint]

  /// Begins a sweep in a store, or goes on with it.
  ///
  /// - Parameters:
  ///   - store: where the points are kept.
  ///   - file: the scenario with its sweep.
  ///   - sweep: the axes and points.
  ///   - identity: what decides the results.
  ///   - resumes: whether to go on with the sweep of this identity; where the store has no sweep at all it begins.
  /// - Throws: a problem that names the store where it holds other sweeps only, is damaged or can't be written.
  public init(
    _ store: ResultStore, _ file: ScenarioFile, _ sweep: Sweep, identity: SweepIdentity, resumes: Bool
  ) throws(Problems) {
    self.store = store
    self.sweep = sweep
    let stored = resumes ? try store.sweeps() : []
    if let match = stored.last(where: { $0.identity == identity.text }) {
      id = match.id
      var known: [SweptPoint] = []
      for point in try store.points(of: match.id) {
        guard sweep.points.indices.contains(point.index),
          let swept = SweptPoint(sweep.points[point.index], stored: point.outcome)
        else {
          throw Problems(Problem(file: store.path, message: "is damaged: point \(point.index) can't be read"))
        }
        known.append(swept)
      }
      self.known = known
      return
    }
    if let other = stored.last {
      let difference = SweepDifference.text(other.identity, identity.text)
      throw Problems(
        Problem(
          file: store.path, message: "holds another sweep: \(difference)",
          hint: "take another file, or add to this one without --resume"))
    }
    let name = file.document.root["name"]?.scalar?.text ?? file.document.file
    id = try store.beginSweep(
      scenario: name, identity: identity.text, pointNames: sweep.points.map(\.label), joins: resumes)
    known = []
  }

  /// Keeps a point, together with its run where it has one.
  ///
  /// - Throws: a problem that names the store where it can't be written.
  public func add(_ swept: SweptPoint, _ run: RunResult?) throws(Problems) {
    let point = ResultStore.NewPoint(
      sweep: id, index: swept.point.index, name: swept.point.label,
      at: sweep.at(swept.point).text(indent: 0))
    try store.add(point, swept.outcome, run: run.map { ($0.report, $0.outcomes) })
  }
}
