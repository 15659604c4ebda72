import Documents
import Hardware
import Quantities
import Testing

@Suite("Systems that a scenario defines")
struct DefinitionTests {
  @Test func fromScratch() throws {
    let scratch = completeEntry.replacing("tiny:", with: "mine:")
    let system = try #require(try catalogue(adding: scratch).system("mine"))
    #expect(system.name == "mine" && system.status == "hypothetical")
    #expect(system.architecture == .other("imaginary"))
    #expect(system.accelerator.thermalDesignPower == Watts(si: 500))
    #expect(
      system.figure("accelerator.memory")
        == Figure(path: "accelerator.memory", value: "100 GB", source: "s.yaml:5", confidence: .scenario))
  }

  @Test func basedOnAnother() throws {
    let both = try catalogue(
      adding: """
        wide:
          based_on: fast
          scale_up: { world_size: 144 }
          rack: { accelerators: { value: 144, source: a plan, confidence: assumed } }
        fast:
          based_on: tiny
          name: Fast
          accelerator: { memory_bandwidth: 16 TB/s, flops: { fp4: 1 PFLOP/s } }
        """)
    #expect(both.systems.map(\.id) == ["fast", "tiny", "wide"])
    let fast = try #require(both.system("fast"))
    let wide = try #require(both.system("wide"))
    let tiny = try #require(both.system("tiny"))
    #expect(tiny.accelerator.memoryBandwidth == BytesPerSecond(si: 1e12))
    #expect(fast.accelerator.memoryBandwidth == BytesPerSecond(si: 16e12))
    #expect(fast.accelerator.peakRates[.fp8] == FlopsPerSecond(si: 200e12))
    #expect(fast.accelerator.peakRates[.fp4] == FlopsPerSecond(si: 1e15))
    #expect(fast.name == "Fast" && fast.vendor == "nobody" && fast.architecture == .hopper)
    #expect(fast.figure("accelerator.tdp")?.source == "made up")
    #expect(fast.figure("accelerator.memory_bandwidth")?.source == "s.yaml:9")
    #expect(wide.name == "wide")
    #expect(wide.accelerator.memoryBandwidth == BytesPerSecond(si: 16e12))
    #expect(wide.scaleUp.worldSize == 144)
    #expect(wide.figure("rack.accelerators")?.source == "a plan")
  }

  @Test func anEntryOfTheSameNameChangesTheSystem() throws {
    let changed = try catalogue(adding: "tiny: { accelerator: { tdp: 600 W } }")
    #expect(changed.systems.count == 1)
    #expect(changed.system("tiny")?.accelerator.thermalDesignPower == Watts(si: 600))
    #expect(changed.system("tiny")?.accelerator.memory == Bytes(si: 100e9))
  }

  @Test func overridesReachEveryFigure() throws {
    let document = try Document.parse(text: "name: x\n", file: "s.yaml")
      .setting(path: "hardware.tiny.accelerator.memory_bandwidth", to: "16 TB/s")
    let hardware = try #require(document.root["hardware"])
    let system = try #require(try tinyCatalogue().adding(definitions: hardware).system("tiny"))
    #expect(system.accelerator.memoryBandwidth == BytesPerSecond(si: 16e12))
    #expect(
      system.figure("accelerator.memory_bandwidth")?.source
        == "--set hardware.tiny.accelerator.memory_bandwidth=16 TB/s")
  }

  @Test(arguments: [
    (
      "new: { based_on: tinny }",
      "s.yaml:2: hardware.new.based_on: found 'tinny', not a known name; allowed: tiny; did you mean 'tiny'?"
    ),
    (
      "a: { based_on: b }\nb: { based_on: a }",
      "s.yaml:2: hardware.a.based_on: found 'b', the systems build on each other: b → a → b\n"
        + "s.yaml:3: hardware.b.based_on: found 'a', the systems build on each other: a → b → a"
    ),
    (
      "new: gb300",
      "s.yaml:2: hardware.new: found 'gb300', a system is a mapping; for example { based_on: gb300-nvl72, … }"
    ),
    (
      "new: { based_on: tiny, accelerator: { memory_bandwith: 16 TB/s, memory: 8 TB/s, tdp: 40 W } }",
      "s.yaml:2: hardware.new.accelerator.memory_bandwith: unknown key; allowed: memory, memory_type, memory_bandwidth, "
        + "flops, compute_units, l2_cache, boost_clock, tdp, idle_power; did you mean 'memory_bandwidth'?\n"
        + "s.yaml:2: hardware.new.accelerator.memory: found '8 TB/s', which is a bandwidth; a data size is needed; "
        + "for example '8 GB'"
    ),
    (
      "new: { based_on: tiny, accelerator: { tdp: 40 W } }",
      "s.yaml:2: hardware.new.accelerator.tdp: found '40 W', the power limit must be more than the idle power, 50 W"
    ),
    (
      "new: { based_on: tiny, accelerator: { idle_power: 500 W } }",
      "s.yaml:2: hardware.new.accelerator.idle_power: found '500 W', the idle power must be less than the power limit "
        + "(tdp), 500 W"
    ),
    (
      "new: { based_on: tiny, node: { peak_power: 900 W }, scale_up: { topology: mesh, world_size: 0 } }",
      "s.yaml:2: hardware.new.node.peak_power: found '900 W', the peak power must be at least the idle power, 1 kW\n"
        + "s.yaml:2: hardware.new.scale_up.topology: found 'mesh', not a known name; allowed: switched, full-mesh, ring, "
        + "torus-2d, torus-3d, pcie, none\n"
        + "s.yaml:2: hardware.new.scale_up.world_size: found 0, out of range; allowed: 1 to 1000000"
    ),
    (
      "new: { based_on: tiny, accelerator: { memory: 0 GB } }",
      "s.yaml:2: hardware.new.accelerator.memory: found '0 GB', out of range; allowed: more than 0 B"
    ),
    (
      "new: { based_on: tiny, rack: { accelerators: 4 } }",
      "s.yaml:2: hardware.new.rack.accelerators: found 4, a rack holds at least the 8 accelerators of one node"
    ),
    (
      "new:\n  architecture: hopper\n  accelerator: { memory: 1 GB }",
      """
      s.yaml:2: hardware.new.scale_up: required, but missing
      s.yaml:2: hardware.new.scale_out: required, but missing
      s.yaml:2: hardware.new.node: required, but missing
      s.yaml:2: hardware.new.rack: required, but missing
      s.yaml:4: hardware.new.accelerator.memory_bandwidth: required, but missing
      s.yaml:4: hardware.new.accelerator.flops: required, but missing
      s.yaml:4: hardware.new.accelerator.tdp: required, but missing
      s.yaml:4: hardware.new.accelerator.idle_power: required, but missing
      """
    ),
  ])
  func mistakes(text: String, expected: String) {
    #expect(problems(adding: text) == expected)
  }

  @Test func nothingRequiredMayBeMissing() {
    let lines = completeEntry.replacing("tiny:", with: "mine:").split(separator: "\n").map(String.init)
    for index in lines.indices.dropFirst() {
      var fewer = lines
      fewer.remove(at: index)
      if lines[index] == "  accelerator:" { fewer.removeSubrange(index..<(index + 5)) }
      let key = lines[index].split(separator: ":")[0].replacing(" ", with: "")
      let expected = "\(key): required, but missing"
      #expect(problems(adding: fewer.joined(separator: "\n")).hasSuffix(expected), "\(key)")
    }
  }
}
