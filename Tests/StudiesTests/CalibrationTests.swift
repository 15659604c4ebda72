import CostModel
import Hardware
import Models
import Quantities
import Testing

@testable import Studies

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("Calibration")
struct CalibrationTests {
  @Test("least squares find the parameters of an exponential decay")
  func nonlinear() {
    let times: [Double] = (0..<40).map { Double($0) / 4 }
    func decay(_ point: [Double], _ time: Double) -> Double { point[0] * exp(-point[1] * time) + point[2] }
    let data: [Double] = times.map { decay([5, 0.7, 1], $0) }
    let fit = NonlinearFit { point in
      zip(times, data).map { time, value in decay(point, time) - value }
    }
    let found = fit.minimise(from: [1, 1, 0])
    #expect(abs(found[0] - 5) < 1e-4)
    #expect(abs(found[1] - 0.7) < 1e-4)
    #expect(abs(found[2] - 1) < 1e-4)
  }

  @Test("a symmetric system by hand; an indefinite one has no Cholesky factor")
  func linear() throws {
    // 4x + 2y = 2, 2x + 3y = 5: x = -0.5, y = 2.
    let found = try #require(solveSymmetric([4, 2, 2, 3], [2, 5]))
    #expect(abs(found[0] + 0.5) < 1e-12)
    #expect(abs(found[1] - 2) < 1e-12)
  }

  @Test(
    "a surface recovers kernels of known efficiency, and follows a bump in their shape",
    arguments: [1.0, 1.2])
  func surface(bump: Double) throws {
    let systems = try SystemCatalogue.load()
    let h100 = try #require(systems.system("h100-sxm"))
    let truth = OperatorEfficiency(
      compute: 0.7, memory: 0.8, activation: 0.9, sharpness: 2, launchSeconds: 4e-6)
    var rows: [KernelRow] = []
    for m in [1.0, 4, 16, 64, 256, 1024, 4096] {
      for n in [1024.0, 4096, 8192] {
        for k in [1024.0, 4096, 8192] {
          let work = KernelWork.gemm(m: m, n: n, k: k, weights: .bf16, activations: .bf16)
          let parts = RooflineParts(
            work, surface: OperatorSurface(efficiency: truth), accelerator: h100.accelerator,
            peak: h100.accelerator.peakRates.bf16.si)
          // Kernels of 64 rows are slower than the closed form.
          let seconds = parts.seconds * (m == 64 ? bump : 1)
          rows.append(
            KernelRow(operation: "gemm", system: "h100-sxm", framework: nil, work: work, seconds: seconds))
        }
      }
    }
    let prior = OperatorEfficiency(
      compute: 0.5, memory: 0.6, activation: 1, sharpness: 3, launchSeconds: 2e-6)
    let fit = try #require(SurfaceFit(rows: rows, systems: ["h100-sxm": h100], prior: prior).fit())
    #expect(fit.count == 63)
    #expect(fit.median < 0.03)
    #expect(fit.p90 < 0.1)
    // Sixty rows don't outweigh the prior altogether, but they draw it to the truth.
    #expect(abs(fit.efficiency.compute - 0.7) < 0.75 * abs(prior.compute - 0.7))
    #expect(abs(fit.efficiency.memory - 0.8) < 0.85 * abs(prior.memory - 0.8))
  }

  @Test("too few kernels make no surface")
  func tooFew() throws {
    let h100 = try #require(try SystemCatalogue.load().system("h100-sxm"))
    let prior = OperatorEfficiency(
      compute: 0.5, memory: 0.6, activation: 1, sharpness: 3, launchSeconds: 2e-6)
    #expect(SurfaceFit(rows: [], systems: ["h100-sxm": h100], prior: prior).fit() == nil)
  }

  @Test("a store that is not there is a problem with a way out")
  func missingStore() {
    #expect {
      _ = try KernelStore(path: "no-such-store.sqlite")
    } throws: { "\($0)".contains("no-such-store.sqlite") && "\($0)".contains("make measurements") }
  }
}
