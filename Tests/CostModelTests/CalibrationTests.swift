import Hardware
import Models
import Testing

@testable import CostModel

@Suite("Calibrated surfaces")
struct CalibratedSurfaceTests {
  @Test("a residual grid is exact at knots, linear between them, and keeps its edges")
  func grid() {
    let grid = ResidualGrid(axes: [[0, 2], [0, 1], [5]], values: [0, 1, 2, 3])
    #expect(grid.value(at: SIMD3(0, 0, 5)) == 0)
    #expect(grid.value(at: SIMD3(2, 1, 5)) == 3)
    #expect(grid.value(at: SIMD3(1, 0.5, 9)) == 1.5)
    #expect(grid.value(at: SIMD3(-7, 0, 5)) == 0)
    #expect(grid.value(at: SIMD3(99, 99, 5)) == 3)
    let weights = grid.neighbours(of: SIMD3(0.5, 0.25, 5)).reduce(0) { $0 + $1.weight }
    #expect(abs(weights - 1) < 1e-12)
  }

  private func surface(_ framework: String?, _ architecture: String, compute: Double) -> CalibratedSurface {
    CalibratedSurface(
      operation: "gemm", format: "fp8", framework: framework, architecture: architecture,
      efficiency: OperatorEfficiency(
        compute: compute, memory: 0.9, activation: 1, sharpness: 2, launchSeconds: 1e-6),
      residual: ResidualGrid(axes: [[0], [0], [0]], values: [0.1]), systems: [], rows: 100, medianError: 0.05,
      p90Error: 0.1)
  }

  @Test("the own framework on the own generation is measured; the rest is transferred, without residual")
  func selection() {
    let calibration = Calibration(
      provenance: [],
      surfaces: [
        surface("vllm", "hopper", compute: 0.1), surface("tensorrt-llm", "blackwell", compute: 0.2),
        surface("vllm", "blackwell", compute: 0.3),
      ])
    let own = calibration.surfaces(framework: "vllm", architecture: "blackwell")["gemm|fp8"]
    #expect(own?.efficiency.compute == 0.3)
    #expect(own?.provenance == .measured)
    #expect(own?.residual != nil)
    let neighbour = calibration.surfaces(framework: "tensorrt-llm", architecture: "hopper")["gemm|fp8"]
    // The same generation comes before the same framework.
    #expect(neighbour?.efficiency.compute == 0.1)
    #expect(neighbour?.provenance == .transferred)
    let elsewhere = calibration.surfaces(framework: "vllm", architecture: "cdna4")["gemm|fp8"]
    #expect(elsewhere?.provenance == .transferred)
    #expect(elsewhere?.residual == nil)
    // Whatever the order of the file, a named generation comes before any other.
    let named = calibration.surfaces(
      framework: "vllm", architecture: "cdna4", transferredFrom: "blackwell")["gemm|fp8"]
    #expect(named?.efficiency.compute == 0.3 && named?.provenance == .transferred)
  }

  @Test("a framework's version runs the kernels of its day; without one the newest count")
  func versions() throws {
    var old = surface("vllm", "hopper", compute: 0.3)
    old.before = "0.15"
    var later = surface("vllm", "hopper", compute: 0.4)
    later.before = "0.20"
    let calibration = Calibration(
      provenance: [], surfaces: [later, surface("vllm", "hopper", compute: 0.5), old])
    func compute(_ version: String?) -> Double? {
      calibration.surface(
        operation: "gemm", format: "fp8", framework: "vllm",
        version: version.flatMap { FrameworkVersion($0) }, architecture: "hopper")?.efficiency.compute
    }
    #expect(compute("0.11.1") == 0.3 && compute("0.9") == 0.3)
    #expect(compute("0.15.0") == 0.4 && compute("0.19.1rc2") == 0.4)
    #expect(compute("0.20") == 0.5 && compute(nil) == 0.5 && compute("nightly") == 0.5)
    // Another framework's history says nothing.
    let other = calibration.surface(
      operation: "gemm", format: "fp8", framework: "sglang", version: FrameworkVersion("0.5"),
      architecture: "hopper")
    #expect(other?.efficiency.compute == 0.5)
  }

  @Test("a transfer multiplies what the other generation reaches, surfaces and priors alike")
  func transfer() throws {
    var table = try EfficiencyTable.load()
    table.calibration = Calibration(provenance: [], surfaces: [surface(nil, "hopper", compute: 0.6)])
    table.transfers = ["cdna3": Transfer(from: "hopper", compute: 0.5, memory: 0.9, launch: 3)]
    let moved = table.resolved(framework: .vllm, architecture: "cdna3")
    let gemm = moved.surface(.gemm, format: "fp8", type: .fp8)
    #expect(gemm.efficiency.compute == 0.3 && gemm.efficiency.launchSeconds == 3e-6)
    #expect(gemm.efficiency.memory == 0.9 * 0.9 && gemm.provenance == .transferred)
    let prior = moved.surface(.elementwise, format: "", type: .bf16)
    #expect(prior.efficiency.memory == table.efficiency(.elementwise).memory * 0.9)
    // A measured generation needs none.
    #expect(table.transfer(to: "hopper") == nil)
    #expect(table.transfer(to: "tpu-v7") == nil && table.transfer(to: "cdna3")?.launch == 3)
  }

  @Test("versions compare by their numbers")
  func versionOrder() throws {
    let text = ["0.9", "0.11.0", "0.11.1", "0.15", "1.0.0rc3"]
    let versions = text.compactMap { FrameworkVersion($0) }
    #expect(versions.count == text.count && versions == versions.sorted())
    #expect(versions[4].description == "1.0.0")
    #expect(!(versions[1] < versions[1]))
    #expect(FrameworkVersion("nightly-5b8c") == nil && FrameworkVersion("") == nil)
  }

  @Test("every architecture of the catalogue is measured or has a transfer from a measured one")
  func transfersCoverTheCatalogue() throws {
    let table = try EfficiencyTable.load()
    let measured = Set(table.calibration.surfaces.map(\.architecture))
    for transfer in table.transfers.values { #expect(measured.contains(transfer.source)) }
    for system in try SystemCatalogue.load().systems {
      let name = system.architecture.description
      #expect(measured.contains(name) || table.transfer(to: name) != nil, "\(name)")
    }
  }

  @Test("the shipped calibration holds surfaces with errors that a catalogue can show")
  func shipped() throws {
    let calibration = try EfficiencyTable.load().calibration
    #expect(calibration.surfaces.count > 50)
    for surface in calibration.surfaces {
      #expect(surface.rows >= 24)
      #expect(surface.medianError < 0.5)
      #expect(surface.launchSeconds > 0)
    }
    #expect(try EfficiencyTable.load(calibrated: false).calibration.surfaces.isEmpty)
  }
}
