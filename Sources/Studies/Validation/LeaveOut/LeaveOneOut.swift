import CostModel
import Documents
import Hardware
import Scenario

/// Predicts the points of each accelerator, or of each model, with numbers that were fitted without it.
///
/// This is what predictions of hardware and models that nobody has measured are worth.
public struct LeaveOneOut: Sendable {
  /// What is left out, one after the other.
  public enum Subject: String, CaseIterable, Sendable {
    /// Its kernels and its runs.
    case accelerator
    /// Its runs; kernels are measured by shape, not by model.
    case model

    /// The groups of overheads that say something of what was left out: not those of one model on one system, which
    /// are all with it or all without it.
    public var levels: [OverheadGroup.Level] {
      switch self {
      case .accelerator: [.framework, .kernels, .model]
      case .model: [.framework, .kernels]
      }
    }

    var dimension: Dimension {
      switch self {
      case .accelerator: .system
      case .model: .model
      }
    }
  }

  let subject: Subject
  let points: [BenchmarkPoint]
  let catalogue: ScenarioCatalogue
  let refit: OverheadRefit
  /// Measured kernels; empty for models, whose kernels stay.
  let kernels: [KernelRow]

  /// A study of points; kernels are read from a store where accelerators are left out.
  ///
  /// - Throws: what keeps the store from being read.
  init(
    _ subject: Subject, points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, store: String,
    refit: OverheadRefit
  ) throws(Problems) {
    let kernels = subject == .accelerator ? try KernelStore(path: store).rows() : []
    self.init(subject, points: points, with: catalogue, kernels: kernels, refit: refit)
  }

  init(
    _ subject: Subject, points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, kernels: [KernelRow],
    refit: OverheadRefit
  ) {
    self.subject = subject
    self.points = points
    self.catalogue = catalogue
    self.refit = refit
    self.kernels = kernels
  }

  /// What each accelerator or model is called, in order.
  var names: [String] { Set(points.map { subject.dimension.label(of: $0) }).sorted() }

  /// Predicts every point without its own accelerator or model.
  ///
  /// - Parameters:
  ///   - threads: threads to use, >= 1; results are the same.
  ///   - progress: called with a line for each that is left out.
  /// - Returns: a result for each point, in their order.
  func run(threads: Int, progress: (String) -> Void = { _ in }) async -> [PointResult] {
    var found: [String: [PointResult]] = [:]
    for name in names {
      let own = points.filter { subject.dimension.label(of: $0) == name }
      let fitted = await catalogue(without: name, own: own, threads: threads)
      let results = await ValidationStudy(own, with: fitted).run(threads: threads)
      found[name] = results
      let predicted = results.count { $0.predicted != nil }
      progress("without \(name): \(predicted) of its \(own.count) points predicted")
    }
    // Results of one name have the order of its points.
    var next: [String: Int] = [:]
    return points.compactMap { point in
      let name = subject.dimension.label(of: point)
      let index = next[name, default: 0]
      next[name] = index + 1
      return found[name]?[index]
    }
  }

  /// The catalogue with everything fitted anew that was fitted to the one that is left out.
  ///
  /// Of the frameworks those are fitted that its own points run on. What no fitted number ever saw stays as it is.
  private func catalogue(without name: String, own: [BenchmarkPoint], threads: Int) async
    -> ScenarioCatalogue
  {
    var fitted = catalogue
    if subject == .accelerator { fitted.efficiencies.calibration = calibration(without: name) }
    guard subject == .accelerator || own.contains(where: { $0.split == "fit" }) else { return fitted }
    let frameworks = Set(own.map(\.framework))
    let others = points.filter {
      $0.split == "fit" && subject.dimension.label(of: $0) != name && frameworks.contains($0.framework)
    }
    return await refit.fit(others, fitted, threads)
  }

  /// The calibration of kernels without those of a system.
  ///
  /// Only its own generation is fitted anew: the surfaces of the others never saw it.
  func calibration(without name: String) -> Calibration {
    var calibration = catalogue.efficiencies.calibration
    let id = BenchmarkPoint.systemAliases[name] ?? name
    guard let architecture = catalogue.systems.system(id)?.architecture.description else {
      return calibration
    }
    let siblings = catalogue.systems.systems.filter {
      $0.architecture.description == architecture && $0.id != id
    }
    var priors = catalogue.efficiencies
    priors.calibration = Calibration(provenance: [], surfaces: [])
    let rows = kernels.filter { row in siblings.contains { $0.id == row.system } }
    let fitted = KernelCalibration(
      rows: rows, systems: siblings, priors: priors, models: catalogue.models)
    calibration.surfaces.removeAll { $0.architecture == architecture }
    calibration.surfaces += fitted.calibration.surfaces
    // Of several surfaces that suit alike the first counts: the order must be the file's.
    calibration.surfaces.sort { $0.order < $1.order }
    return calibration
  }
}

extension CalibratedSurface {
  fileprivate var order: String {
    [operation, format, framework ?? "", before ?? "", architecture].joined(separator: "|")
  }
}
