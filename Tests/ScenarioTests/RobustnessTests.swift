import Documents
import Scenario
import Testing

/// Whatever stands at a place of a scenario, reading it ends in a scenario or in problems, never in a trap.
@Suite("Anything anywhere")
struct RobustnessTests {
  private static let values = [
    "", "-1", "0", "1.5", "1e30", "9223372036854775807", "abc", "'8'", "[]", "{}", "[~]", "{ a: 1 }", "1 ms",
    "true",
    "2147483647",
  ]

  /// Keys that scenarios seldom state.
  private static let optional =
    [
      "site.conversion_efficiency", "site.overhead", "run.duration", "run.warm_up", "hardware", "references",
      "sweep",
    ]
    + ["watermark", "kv_blocks", "memory_fraction", "block_tokens", "chunked_prefill", "capacity_policy"].map
  {
    "deployments[0].engine." + $0
  }
    + [
      "parallel.pipeline", "parallel.attention_data", "front_end", "front_end.delay", "router",
      "precision.experts",
    ].map {
      "deployments[0]." + $0
    }
    + [
      "lengths", "lengths.output_mean", "targets", "targets.ttft", "max_output_tokens", "arrivals.think_time",
    ].map {
      "workload[0]." + $0
    }

  @Test(arguments: [
    "h100-llama-3.1-8b-poisson", "b200-deepseek-r1-closed-loop", "hypothetical/gb300-nvl144-hbm4",
    "stable-diffusion-xl-h100",
  ])
  func neverTraps(name: String) throws {
    let catalogue = try Catalogue.shared.get()
    let document = try Document.read(path: shippedPath(name + ".yaml"))
    let paths = Self.paths(document.root) + Self.optional
    #expect(paths.count > 15)
    var refused = 0
    for path in paths {
      for value in Self.values {
        do {
          let file = try ScenarioFile(document: document, overrides: ["\(path)=\(value)"])
          _ = try file.resolve(point: file.sweepPoints.first, with: catalogue)
        } catch {
          refused += 1
          #expect(error.all.allSatisfy { !$0.message.isEmpty })
          #expect(!error.description.contains("can't be resolved"), "\(path)=\(value)")
        }
      }
    }
    #expect(refused > paths.count)
  }

  private static func paths(_ node: Node) -> [String] {
    let below = (node.entries?.map(\.value) ?? []) + (node.elements ?? [])
    return (node.path.isEmpty ? [] : [node.path]) + below.flatMap(paths)
  }
}
