import CostModel
import Scenario
import Testing

@testable import Studies

@Suite("Fits of a vendor's factors")
struct TransferCalibrationTests {
  /// Runs on MI300X that long prompts, long answers and a batch of one bound.
  private func points() throws -> [BenchmarkPoint] {
    try [("prompts", 3000, 4, 64), ("answers", 64, 200, 64), ("alone", 32, 100, 1)].map {
      name, isl, osl, batch in
      var point = try benchmarkPoint([
        ("id", name), ("suite", "mlperf"), ("system", "mi300x"), ("accelerators", "1"), ("framework", "vllm"),
        ("model", "llama-3.1-8b"), ("weights", "fp8"), ("load", "offline"), ("isl", "\(isl)"),
        ("osl", "\(osl)"), ("requests", "\(2 * batch)"), ("max_batch_size", "\(batch)"),
        ("max_batch_tokens", "8192"),
      ])
      point.split = "fit"
      return point
    }
  }

  @Test("the factors that points were made with are found again, and test points are not looked at")
  func recovers() async throws {
    let catalogue = try ScenarioCatalogue.load()
    var made = catalogue
    made.efficiencies.transfers["cdna3"] = Transfer(from: "hopper", compute: 0.6, memory: 0.8)
    var points = try points()
    let results = await ValidationStudy(points, with: made).run(threads: 2)
    for (index, result) in results.enumerated() { points[index].measured = try #require(result.predicted) }
    var wrong = points[0]
    wrong.id = "wrong"
    wrong.split = "test"
    wrong.measured[.outputTokensPerSecondPerGPU] = 1
    let fits = await TransferCalibration(points + [wrong], vendor: "AMD", with: catalogue, threads: 2).fits()
    #expect(fits.map(\.architecture) == ["cdna3"])
    let fit = try #require(fits.first)
    #expect(abs(fit.transfer.compute / 0.6 - 1) < 0.1, "\(fit.transfer)")
    #expect(abs(fit.transfer.memory / 0.8 - 1) < 0.1, "\(fit.transfer)")
    #expect(fit.points == 3 && fit.after < 0.03 && fit.after < fit.before)
    #expect(fit.text.hasPrefix("cdna3: { from: hopper, compute: 0."))
  }

  @Test("a vendor without points, or with measured kernels, has nothing to fit")
  func nothing() async throws {
    let catalogue = try ScenarioCatalogue.load()
    let points = try points()
    #expect(await TransferCalibration(points, vendor: "nvidia", with: catalogue, threads: 1).fits().isEmpty)
    #expect(await TransferCalibration([], vendor: "amd", with: catalogue, threads: 1).fits().isEmpty)
  }
}
