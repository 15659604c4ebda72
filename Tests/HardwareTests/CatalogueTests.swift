import Documents
import Foundation
import Hardware
import Quantities
import Testing

@Suite("The systems that come with tokenmill")
struct CatalogueTests {
  @Test func everyFileLoads() throws {
    let catalogue = try SystemCatalogue.load()
    #expect(catalogue.systems.map(\.id) == catalogue.systems.map(\.id).sorted())
    for system in catalogue.systems {
      #expect(catalogue.system(system.id)?.name == system.name)
      #expect(!system.vendor.isEmpty && system.name != system.id, "\(system.id)")
      for figure in system.figures {
        #expect(!figure.source.isEmpty && figure.confidence != .scenario, "\(system.id) \(figure.path)")
      }
    }
  }

  /// Figures that vendors publish and that every other figure of the generation hangs on.
  @Test(
    .enabled(if: (try? SystemCatalogue.load().systems.isEmpty) == false, "the catalogue holds no systems"),
    arguments: [
      // id, memory bandwidth in TB/s, dense bf16 in TFLOP/s, one-way scale-up in GB/s, accelerators in the domain
      ("h100-sxm", 3.35, 989.4, 450.0, 8), ("b200-sxm", 8, 2250, 900, 8), ("gb300-nvl72", 8, 2500, 900, 72),
      ("mi355x", 8, 2516.6, 538, 8),
    ])
  func wellKnownFigures(id: String, bandwidth: Double, bf16: Double, scaleUp: Double, domain: Int) throws {
    let system = try #require(try SystemCatalogue.load().system(id))
    #expect(abs(system.accelerator.memoryBandwidth.si / (bandwidth * 1e12) - 1) < 0.01)
    #expect(abs(system.accelerator.peakRates.bf16.si / (bf16 * 1e12) - 1) < 0.01)
    #expect(abs(system.scaleUp.bandwidth.si / (scaleUp * 1e9) - 1) < 0.01)
    #expect(system.scaleUp.worldSize == domain)
  }

  @Test func catalogueFilesStateEveryFigure() throws {
    let system = try #require(try tinyCatalogue().system("tiny"))
    #expect(system.architecture == .hopper)
    #expect(system.accelerator.memory == Bytes(si: 100e9))
    #expect(system.accelerator.peakRates[.fp8] == FlopsPerSecond(si: 200e12))
    #expect(system.accelerator.peakRates[.fp4] == nil)
    #expect(system.scaleUp.topology == .fullMesh)
    #expect(system.scaleOut.bandwidth == BytesPerSecond(si: 50e9))
    #expect(system.nodesPerRack == 4)
    #expect(system.rack.cooling == .air)
    #expect(system.hostLink == nil)
    #expect(abs(try #require(system.cost.perAcceleratorHour).dollarsPerHour - 1.5) < 1e-12)
    #expect(
      system.figure("accelerator.idle_power")
        == Figure(
          path: "accelerator.idle_power", value: "50 W", source: "a meter", confidence: .press, note: "warm"))
    #expect(
      system.figures.map(\.path) == [
        "accelerator.memory", "accelerator.memory_bandwidth", "accelerator.flops.bf16",
        "accelerator.flops.fp8",
        "accelerator.tdp", "accelerator.idle_power", "scale_up.bandwidth", "scale_up.world_size",
        "scale_up.topology", "scale_out.bandwidth", "node.accelerators", "node.idle_power", "node.peak_power",
        "rack.accelerators", "rack.power", "rack.cooling", "cost.dollars_per_accelerator_hour",
      ])
  }

  @Test func catalogueFilesMustNameSources() throws {
    let text = catalogueText(id: "other")
      .replacing("memory: { value: 100 GB, source: made up, confidence: assumed }", with: "memory: 100 GB")
      .replacing("source: a meter, confidence: press", with: "confidence: rumour")
    #expect {
      try SystemCatalogue(documents: [Document.parse(text: text, file: "some/tiny.yaml")])
    } throws: { error in
      "\(error)" == """
        some/tiny.yaml:1: id: found 'other', the id must be 'tiny', the name of its file or entry
        some/tiny.yaml:7: accelerator.memory: found '100 GB', a figure of the catalogue is a mapping with value, \
        source and confidence
        some/tiny.yaml:13: accelerator.idle_power.source: required, but missing
        some/tiny.yaml:13: accelerator.idle_power.confidence: found 'rumour', not a known name; allowed: datasheet, \
        vendor, press, derived, assumed, scenario
        """
    }
  }

  @Test func unknownSystemsNameTheNearest() throws {
    let document = try Document.parse(text: "system: tinny\n", file: "s.yaml")
    let problems = ProblemCollector()
    var reader = MappingReader(document.root, problems: problems)
    #expect(try tinyCatalogue().system(reader.required("system")) == nil)
    #expect(
      problems.problems.map(\.description) == [
        "s.yaml:1: system: found 'tinny', not a known name; allowed: tiny; did you mean 'tiny'?"
      ])
  }

  @Test func architecturesKeepTheirNames() {
    #expect(Architecture("blackwell") == .blackwell)
    #expect(Architecture("imaginary") == .other("imaginary"))
    for name in ["hopper", "cdna4", "tpu-v6e", "xe-hpc", "imaginary"] {
      #expect("\(Architecture(name))" == name)
    }
  }
}
