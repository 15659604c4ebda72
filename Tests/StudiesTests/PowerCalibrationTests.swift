import CostModel
import Models
import Scenario
import Testing

@testable import Studies

@Suite("Fits of power")
struct PowerCalibrationTests {
  /// Dense runs on one accelerator, from few sequences to many.
  private func points() throws -> [BenchmarkPoint] {
    try ["h100-sxm", "b200-sxm"].flatMap { system in
      try ["llama-3.1-8b", "qwen3-14b"].flatMap { model in
        try [(16, 300), (64, 300), (200, 300), (16, 3000)].map { batch, osl in
          var point = try benchmarkPoint([
            ("id", "\(system) \(model) \(batch) \(osl)"), ("suite", "mlenergy"), ("system", system),
            ("accelerators", "1"), ("framework", "vllm"), ("model", model), ("load", "closed_loop"),
            ("concurrency", "\(batch)"), ("isl", "200"), ("osl", "\(osl)"), ("requests", "\(2 * batch)"),
            ("max_batch_size", "\(batch)"), ("max_batch_tokens", "8192"),
          ])
          point.split = "fit"
          return point
        }
      }
    }
  }

  /// Loops of dense kernels that draw what coefficients say, from memory-bound to compute-bound.
  private func rows(
    _ system: String, _ power: PowerCoefficients, idle: Double, range: Double, peak: Double, bandwidth: Double
  )
    -> [KernelRow]
  {
    [16.0, 64, 256, 1024, 4096].map { m in
      let work = KernelWork.gemm(m: m, n: 16_384, k: 16_384, weights: .bf16, activations: .bf16)
      let bytes = work.weightBytes + work.activationBytes
      let seconds = max(work.flops / (0.5 * peak), bytes / (0.8 * bandwidth))
      var row = KernelRow(operation: "gemm", system: system, framework: nil, work: work, seconds: seconds)
      let share = power.share(
        .gemm, compute: work.flops / seconds / peak, memory: bytes / seconds / bandwidth)
      row.watts = idle + range * power.held(share)
      return row
    }
  }

  @Test(
    "what kernels draw is held against the coefficients of their system, fitted ones and carried ones apart")
  func kernelErrors() throws {
    let catalogue = try ScenarioCatalogue.load()
    var table = catalogue.efficiencies
    let power = PowerCoefficients(
      gemm: KernelPower(busy: 0.3, compute: 1, memory: 0.3), launch: 0.2, host: 0.05, exchange: 0.1,
      sort: 0.6,
      limit: 0.98)
    table.powers["hopper"] = power
    table.powers["gb200-nvl72"] = power
    var carried = rows("gb200-nvl72", power, idle: 200, range: 1000, peak: 2500e12, bandwidth: 8e12)
    for index in carried.indices { carried[index].watts = carried[index].watts.map { $0 / 2 } }
    let own = rows("h200-sxm", power, idle: 119, range: 581, peak: 989e12, bandwidth: 4.8e12)
    let errors = PowerKernels(carried + own, systems: catalogue.systems).errors(with: table)
    #expect(errors.map(\.system) == ["gb200-nvl72", "h200-sxm"])
    #expect(errors.map(\.evidence) == [.transferred, .measured])
    #expect(try #require(errors[1].statistics.medianAPE) < 0.03)
    #expect(try #require(errors[0].statistics.medianAPE) > 0.9)
    var unpowered = own
    for index in unpowered.indices { unpowered[index].watts = nil }
    #expect(PowerKernels(unpowered, systems: catalogue.systems).errors(with: table).isEmpty)
  }

  @Test(
    "power that coefficients made is predicted, models that were left out among it, and test points are not looked at"
  )
  func recovers() async throws {
    var made = try ScenarioCatalogue.load()
    for (index, name) in PowerParameters.architectures.enumerated() {
      made.efficiencies.powers[name] = PowerCoefficients(
        gemm: KernelPower(busy: 0.3, compute: 1 + Double(index), memory: 0.3),
        classes: [.decodeAttention: KernelPower(busy: 0.5, compute: 1, memory: 0.6)], launch: 0.2, host: 0.05,
        exchange: 0.1, sort: 0.6, limit: 0.98)
    }
    var points = try points()
    let results = await ValidationStudy(points, with: made).run(threads: 2)
    for (index, result) in results.enumerated() { points[index].measured = try #require(result.predicted) }
    var wrong = points[0]
    wrong.id = "wrong"
    wrong.split = "test"
    wrong.measured[.gpuPower] = 1
    let hopper = try #require(made.efficiencies.powers["hopper"])
    let blackwell = try #require(made.efficiencies.powers["blackwell"])
    let catalogue = try ScenarioCatalogue.load()
    let kernels =
      rows("h200-sxm", hopper, idle: 119, range: 581, peak: 989e12, bandwidth: 4.8e12)
      + rows("b200-sxm", blackwell, idle: 200, range: 800, peak: 2250e12, bandwidth: 8e12)
    let calibration = await PowerCalibration(
      rows: kernels, points: points + [wrong], with: catalogue, threads: 2)
    let fit = await calibration.fit(among: [PowerSpreads(classes: 0.4, architectures: 0.4, kernels: 5)])
    #expect(fit.text.hasPrefix("power:\n") && fit.text.contains("\n  gb200-nvl72:\n"))
    var fitted = catalogue
    fitted.efficiencies.powers = fit.powers
    for result in await ValidationStudy(points, with: fitted).run(threads: 2) {
      let watts = try #require(result.predicted?[.gpuPower])
      let made = try #require(result.point.measured[.gpuPower])
      #expect(abs(watts / made - 1) < 0.06, "\(result.point.id): \(watts) W of \(made) W")
    }
  }
}
