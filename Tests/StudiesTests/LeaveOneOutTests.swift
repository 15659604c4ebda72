import CostModel
import Documents
import Hardware
import Models
import Quantities
import Scenario
import Synchronization
import Testing

@testable import Studies

@Suite struct LeaveOneOutTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  private func points() throws -> [BenchmarkPoint] {
    var points: [BenchmarkPoint] = []
    for (system, split) in [("h100-sxm", "fit"), ("h200-sxm", "fit"), ("b200-sxm", "test")] {
      for model in ["llama-3.1-8b", "gpt-oss-20b"] {
        var settings = inferenceX(system, 1, "vllm", model, "fp8", concurrency: 8)
        settings += [("id", "\(system) \(model)"), ("split", split)]
        points.append(try benchmarkPoint(settings))
      }
    }
    return points
  }

  /// What is fitted never sees the points of the one that is left out, nor any test point; results keep their order.
  @Test(arguments: LeaveOneOut.Subject.allCases)
  func nothingIsFittedToWhatIsLeftOut(_ subject: LeaveOneOut.Subject) async throws {
    let seen = Mutex<[[String]]>([])
    let refit = OverheadRefit { points, catalogue, _ in
      seen.withLock { $0.append(points.map(\.id)) }
      return catalogue
    }
    let points = try points()
    let study = LeaveOneOut(subject, points: points, with: catalogue, kernels: [], refit: refit)
    let results = await study.run(threads: 2)
    #expect(results.map(\.point.id) == points.map(\.id))
    let fits = seen.withLock { $0 }
    #expect(fits.count == study.names.count)
    for (name, ids) in zip(study.names, fits) {
      #expect(!ids.isEmpty)
      #expect(ids.allSatisfy { !$0.contains(name) && !$0.contains("b200") })
    }
  }

  private func gemms(_ system: String, efficiency: Double) throws -> [KernelRow] {
    let found = try #require(catalogue.systems.system(system))
    let truth = OperatorEfficiency(
      compute: efficiency, memory: efficiency, activation: 1, sharpness: 2, launchSeconds: 4e-6)
    var rows: [KernelRow] = []
    for m in [1.0, 4, 16, 64, 256, 1024, 4096] {
      for n in [1024.0, 4096, 8192] {
        for k in [1024.0, 4096, 8192] {
          let work = KernelWork.gemm(m: m, n: n, k: k, weights: .bf16, activations: .bf16)
          let parts = RooflineParts(
            work, surface: OperatorSurface(efficiency: truth), accelerator: found.accelerator,
            peak: found.accelerator.peakRates.bf16.si)
          rows.append(
            KernelRow(operation: "gemm", system: system, framework: nil, work: work, seconds: parts.seconds))
        }
      }
    }
    return rows
  }

  /// H100 and H200 are one generation: without the H100 its surface rests on the H200 alone, and other generations keep
  /// theirs.
  @Test func kernelsOfTheOneLeftOutDontCount() throws {
    let rows = try gemms("h100-sxm", efficiency: 0.3) + (try gemms("h200-sxm", efficiency: 0.8))
    let study = LeaveOneOut(
      .accelerator, points: try points(), with: catalogue, kernels: rows, refit: .none)
    let found = study.calibration(without: "h100-sxm")
    let hopper = found.surfaces.filter { $0.architecture == "hopper" }
    #expect(hopper.map(\.systems) == [["h200-sxm"]])
    #expect(try #require(hopper.first).rows == 63)
    let others = catalogue.efficiencies.calibration.surfaces.filter { $0.architecture != "hopper" }
    #expect(found.surfaces.filter { $0.architecture != "hopper" } == others)
    #expect(study.calibration(without: "no such system") == catalogue.efficiencies.calibration)
  }
}
