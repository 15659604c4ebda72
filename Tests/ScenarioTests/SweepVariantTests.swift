import Documents
import Scenario
import Simulation
import Testing

@Suite("Variants, names and places of sweeps")
struct SweepVariantTests {
  private func file(_ sweep: String) throws -> ScenarioFile {
    try ScenarioFile(document: try BadInput.document([17: "run: { seed: 1 }\n" + sweep]))
  }

  private func problems(_ sweep: String) throws -> [String] {
    let file = try file(sweep)
    let folder = try Fixtures.path("")
    let catalogue = try Catalogue.shared.get()
    do {
      try file.checkAxes(with: catalogue)
      _ = try file.resolve(with: catalogue)
      return []
    } catch {
      return error.all.map { $0.description.replacing(folder, with: "") }
    }
  }

  private let layouts = """
    sweep:
      axes:
        - name: layout
          variants:
            base: {}
            wide:
              deployments[0].parallel.tensor: 4
              deployments[0].replicas: 1
        - path: deployments[0].engine.max_batch_size
          name: batch
          values: [32, 64]
    """

  @Test func variantsSetSeveralPaths() throws {
    let file = try file(layouts)
    let sweep = try #require(file.sweep)
    #expect(
      sweep.points.map(\.label) == [
        "layout=base batch=32", "layout=base batch=64", "layout=wide batch=32", "layout=wide batch=64",
      ])
    #expect(sweep.points.map(\.settings.count) == [1, 1, 3, 3])
    #expect(sweep.at(sweep.points[3]) == ["layout": "wide", "batch": 64])
    let catalogue = try Catalogue.shared.get()
    let plans = try sweep.points.map { try file.resolve(point: $0, with: catalogue).deployments[0].plan }
    #expect(plans.map(\.replicas) == [2, 2, 1, 1])
    #expect(plans.map(\.engine.maximumBatchSize) == [32, 64, 32, 64])
    #expect(
      sweep.axes.map(\.json) == [
        ["name": "layout", "path": nil, "group": 0, "values": ["base", "wide"]],
        ["name": "batch", "path": "deployments[0].engine.max_batch_size", "group": 1, "values": [32, 64]],
      ])
  }

  /// Names and paths both name an axis for `zip`.
  @Test(arguments: ["[layout, batch]", "[\"deployments[0].engine.max_batch_size\", layout]"])
  func variantsMoveTogether(group: String) throws {
    let file = try file(layouts + "\n  zip: [\(group)]")
    #expect(file.sweepPoints.map(\.label) == ["layout=base batch=32", "layout=wide batch=64"])
    #expect(file.sweep?.axes.map(\.group) == [0, 0])
  }

  /// A path that the format does not know is found before anything runs, at its place, with the nearest name.
  @Test func unknownPathsAreFoundAtTheirPlaces() throws {
    let found = try problems(
      """
      sweep:
        axes:
          - path: deployments[0].engine.max_batch_sise
            values: [32, 64]
          - name: layout
            variants:
              base: {}
              wide:
                deployments[0].paralel.tensor: 4
      """)
    try #require(found.count == 2)
    #expect(
      found[0].hasPrefix("scenario.yaml:21: deployments[0].engine.max_batch_sise: unknown key; allowed: "))
    #expect(found[0].hasSuffix("; did you mean 'max_batch_size'?"))
    #expect(found[1].hasPrefix("scenario.yaml:26: deployments[0].paralel: unknown key; allowed: "))
    #expect(found[1].hasSuffix("; did you mean 'parallel'?"))
  }

  @Test func wrongVariants() throws {
    let found = try problems(
      """
      sweep:
        axes:
          - variants: { a: {} }
          - name: b
            variants: []
          - name: c
            variants:
              x: 4
              y:
                deployments[7].replicas: 1
                sweep.axes: []
          - { name: d, path: run.seed, values: [1], variants: { z: {} } }
      """)
    #expect(
      found == [
        "scenario.yaml:20: sweep.axes[0].name: required, but missing",
        "scenario.yaml:22: sweep.axes[1].variants: found an empty list, a mapping of names to what each variant sets is needed; for example 'variants: { tp8: { \"deployments[0].parallel.tensor\": 8 } }'",
        "scenario.yaml:25: sweep.axes[2].variants.x: found 4, a mapping of paths to values is needed; write {} for a variant that changes nothing",
        "scenario.yaml:27: sweep.axes[2].variants.y: found 'deployments[7].replicas', which can't be set: index 7 is out of range; allowed: 0",
        "scenario.yaml:28: sweep.axes[2].variants.y: found 'sweep.axes', a sweep can't change itself",
        "scenario.yaml:29: sweep.axes[3]: an axis has one kind of values, not values and variants; allowed: one of values, range, log_range, variants",
      ])
  }

  /// An axis that would undo another one has no place behind it.
  @Test func axesThatOverwriteEachOther() throws {
    let parent = "{ path: \"deployments[0].parallel\", values: [{ tensor: 2 }] }"
    let child = "{ path: \"deployments[0].parallel.tensor\", values: [4] }"
    #expect(try problems("sweep: { axes: [\(parent), \(child)] }").isEmpty)
    #expect(
      try problems("sweep: { axes: [\(child), \(parent)] }") == [
        "scenario.yaml:18: sweep.axes[1].path: sets 'deployments[0].parallel' and with it 'deployments[0].parallel.tensor', which the axis 'deployments[0].parallel.tensor' has set; put the axis of 'deployments[0].parallel.tensor' last"
      ])
    let variant = "{ name: v, variants: { a: { run.seed: 1 } } }"
    #expect(
      try problems("sweep: { axes: [{ path: run.seed, values: [2] }, \(variant)] }") == [
        "scenario.yaml:18: sweep.axes[1].variants: sets 'run.seed' and with it 'run.seed', which the axis 'run.seed' has set; one axis sets a path"
      ])
    #expect(
      try problems("sweep: { axes: [\(variant), { name: v, path: name, values: [x] }] }") == [
        "scenario.yaml:18: sweep.axes[1].path: two axes are called 'v'; give each a name of its own"
      ])
  }
}
