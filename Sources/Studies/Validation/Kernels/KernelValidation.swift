import CostModel
import Documents
import Foundation
import Hardware
import Models
import Quantities
import Scenario

/// Predicts measured kernels with the calibrated cost model, nothing being fitted.
///
/// Rows are those that calibration is fitted to: the least latency of each shape over versions.
struct KernelValidation {
  private let store: String
  private let catalogue: ScenarioCatalogue

  /// The kernels of a store; throws where it is none.
  init(store path: String, with catalogue: ScenarioCatalogue) throws(Problems) {
    _ = try KernelStore(path: path)
    store = path
    self.catalogue = catalogue
  }

  /// The errors of each operator, format, framework and system, in that order.
  ///
  /// Families are read and predicted side by side, each with its own connection, and then forgotten: all rows together
  /// would fill a gigabyte.
  func run(threads: Int) async throws(Problems) -> [KernelErrors] {
    let store = store
    let catalogue = catalogue
    let families = KernelStore.Family.allCases
    typealias Found = Result<[KernelErrors], Problems>
    let found = await withTaskGroup(of: Found.self, returning: [Found].self) { group in
      var next = 0
      func launch() {
        guard next < families.count else { return }
        let family = families[next]
        next += 1
        group.addTask {
          do throws(Problems) {
            return .success(Self.errors(of: try KernelStore(path: store).rows(family), with: catalogue))
          } catch { return .failure(error) }
        }
      }
      for _ in 0..<max(1, threads) { launch() }
      var found: [Found] = []
      for await errors in group {
        found.append(errors)
        launch()
      }
      return found
    }
    var errors: [KernelErrors] = []
    for one in found { errors += try one.get() }
    return errors.sorted { $0.order.lexicographicallyPrecedes($1.order) }
  }

  /// The errors of the power of those kernels whose board power is known and that last long enough for the reading to follow.
  func powers() throws(Problems) -> [KernelErrors] {
    let rows = try KernelStore(path: store, powered: true).rows()
    return PowerKernels(rows, systems: catalogue.systems).errors(with: catalogue.efficiencies)
  }

  /// The errors of rows of all kinds; systems that the catalogue doesn't know have none.
  static func errors(of rows: [KernelRow], with catalogue: ScenarioCatalogue) -> [KernelErrors] {
    var groups: [[String]: [KernelRow]] = [:]
    for row in rows {
      groups[[row.operation, row.work.format, row.owner ?? "", row.system], default: []].append(row)
    }
    let keys = groups.keys.sorted { $0.lexicographicallyPrecedes($1) }
    return keys.compactMap { errors(ofKind: groups[$0] ?? [], with: catalogue) }
  }

  /// The errors of rows of one kind.
  private static func errors(ofKind rows: [KernelRow], with catalogue: ScenarioCatalogue) -> KernelErrors? {
    guard let first = rows.first, let system = catalogue.systems.system(first.system) else { return nil }
    let table = catalogue.efficiencies
    let architecture = system.architecture.description
    let surface =
      table.calibration.surface(
        operation: first.operation, format: first.work.format, framework: first.framework ?? "",
        version: first.era.flatMap { FrameworkVersion($0.version) }, architecture: architecture)
      ?? prior(first, table)
    let ratios = rows.compactMap { row -> Float? in
      guard let seconds = seconds(row, surface, system) else { return nil }
      return Float(seconds / row.seconds)
    }
    guard !ratios.isEmpty else { return nil }
    return KernelErrors(
      operation: first.operation, format: first.work.format, framework: first.owner ?? "all",
      system: first.system, evidence: surface.provenance, ratios: ratios.sorted())
  }

  private static func prior(_ row: KernelRow, _ table: EfficiencyTable) -> OperatorSurface {
    OperatorSurface(efficiency: KernelCalibration.prior(row, table))
  }

  /// Seconds of a kernel under a surface; nil where the hardware can't multiply its type.
  static func seconds(
    _ row: KernelRow, _ surface: OperatorSurface, _ system: SystemSpecification
  ) -> Double? {
    if row.accelerators > 0 {
      let fabric = system.scaleUp
      let seconds = Exchange.allReduceSeconds(
        bytes: row.bytes, size: row.accelerators, latency: surface.efficiency.launchSeconds,
        bandwidth: fabric.bandwidth.si * surface.efficiency.memory, topology: fabric.topology)
      let shape = Exchange.shape(bytes: row.bytes, size: row.accelerators)
      return seconds * exp(surface.residual?.value(at: shape) ?? 0)
    }
    guard let type = Hardware.ComputeType(rawValue: row.work.type.rawValue),
      let peak = system.accelerator.peakRates[type]?.si
    else { return nil }
    return RooflineParts(row.work, surface: surface, accelerator: system.accelerator, peak: peak).seconds
  }
}
