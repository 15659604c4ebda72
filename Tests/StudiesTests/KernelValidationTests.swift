import CostModel
import Documents
import Hardware
import Models
import Quantities
import Scenario
import Testing

@testable import Studies

@Suite struct KernelValidationTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  /// Products whose measured time is `factor` times what the calibrated model says.
  private func rows(system: String = "h100-sxm", factor: Double) throws -> [KernelRow] {
    let found = try #require(catalogue.systems.system(system))
    let surface = try #require(
      catalogue.efficiencies.calibration.surface(
        operation: "gemm", format: KernelFormat.name(weights: .bf16, activations: .bf16), framework: "",
        architecture: found.architecture.description))
    return [16.0, 256, 4096].map { m in
      let work = KernelWork.gemm(m: m, n: 4096, k: 8192, weights: .bf16, activations: .bf16)
      let parts = RooflineParts(
        work, surface: surface, accelerator: found.accelerator, peak: found.accelerator.peakRates.bf16.si)
      return KernelRow(
        operation: "gemm", system: system, framework: nil, work: work, seconds: parts.seconds * factor)
    }
  }

  @Test func errorsByHand() throws {
    let rows = try rows(factor: 2) + (try self.rows(system: "b200-sxm", factor: 0.8))
    let errors = KernelValidation.errors(of: rows, with: catalogue)
    #expect(errors.map(\.system) == ["b200-sxm", "h100-sxm"])
    #expect(errors.allSatisfy { $0.framework == "all" && $0.evidence == .measured })
    let halves = try #require(errors.last).statistics
    let median = try #require(halves.medianAPE)
    #expect(halves.rows == 3 && abs(median - 0.5) < 1e-6)
    #expect(abs(try #require(errors.first?.statistics.bias) - 1.25) < 1e-6)
    let merged = KernelErrors.merged(errors, by: ["operator"])
    #expect(merged.count == 1 && merged[0].labels == ["gemm"])
    // Ratios 0.5 three times and 1.25 three times.
    #expect(abs(try #require(merged[0].1.statistics.bias) - 0.875) < 1e-6)
  }

  @Test func systemsThatNobodyKnowsHaveNoErrors() throws {
    var strange = try rows(factor: 1)
    strange = strange.map {
      KernelRow(operation: "gemm", system: "none", framework: nil, work: $0.work, seconds: $0.seconds)
    }
    #expect(KernelValidation.errors(of: strange, with: catalogue).isEmpty)
  }

  @Test func gatesOnKernels() throws {
    var report = ValidationReport([])
    func verdict(_ gate: String) throws -> Gate.Verdict {
      let gates = try Gate.read(try Document.parse(text: "- { \(gate) }\n", file: "gates.yaml"))
      return try #require(gates.first).verdict(on: report)
    }
    let bound = "suite: kernels, column: kernel_s, statistic: median_ape, at_most: 40 %"
    #expect(try verdict(bound) == .skipped)
    let mixed = try rows(factor: 2) + (try rows(system: "b200-sxm", factor: 1))
    report.kernels = KernelValidation.errors(of: mixed, with: catalogue)
    // Half of the kernels are right, half are predicted at half their time: the median lies between.
    guard case .passed = try verdict(bound) else {
      Issue.record("not passed")
      return
    }
    guard case .failed = try verdict("partition: { system: h100-sxm, operator: gemm }, \(bound)") else {
      Issue.record("not failed")
      return
    }
    #expect(try verdict("partition: { system: h200-sxm }, \(bound)") == .empty)
    #expect(throws: Problems.self) { try verdict("partition: { model: m }, \(bound)") }
  }

  @Test func tablesAndJSON() throws {
    var report = ValidationReport([])
    #expect(report.json["kernels"] == nil)
    report.kernels = KernelValidation.errors(of: try rows(factor: 2), with: catalogue)
    #expect(report.text().contains("h100-sxm"))
    #expect(
      report.markdown().contains("| gemm | bf16 | all | h100-sxm | measured | 3 | 50.0 % | 50.0 % | 0.5 |"))
    guard case .array(let kernels)? = report.json["kernels"] else {
      Issue.record("no kernels")
      return
    }
    #expect(kernels[0]["partition"]?["operator"] == "gemm" && kernels[0]["rows"] == 3)
  }
}
