import Documents
import Foundation
import Hardware
import Models
import Scenario
import Testing
import Workload

/// A change to the base scenario, and everything that is then wrong with it.
struct BadInput: Sendable, CustomTestStringConvertible {
  let title: String
  let edits: [Int: String]
  let overrides: [String]
  let messages: [String]

  /// - Parameters:
  ///   - title: what is wrong, for a reader.
  ///   - edits: lines of the base, from 1, with what stands there instead.
  ///   - overrides: what `--set` changes.
  ///   - messages: the whole problems in order; `{systems}` stands for the ids of the catalogue, and so on.
  init(_ title: String, _ edits: [Int: String], overrides: [String] = [], _ messages: [String]) {
    self.title = title
    self.edits = edits
    self.overrides = overrides
    self.messages = messages
  }

  var testDescription: String { title }

  /// A scenario without problems, one thing a line.
  static let base = """
    tokenmill: 1
    name: base
    site: { system: h100-sxm, nodes: 1 }
    deployments:
      - name: chat
        model: llama-3.1-8b
        precision: { weights: bf16 }
        engine: { framework: vllm, max_batch_size: 64, max_batch_tokens: 2048, max_context_tokens: 8192 }
        parallel: { tensor: 1 }
        replicas: 2
    workload:
      - deployment: chat
        arrivals: { process: poisson, rate: 2 /s, requests: 100 }
        lengths: { input: 1024, output: 128 }
        max_output_tokens: 256
        targets: { ttft_p99: 2 s }
    run: { seed: 1, until: drained }
    """

  /// The base with lines exchanged, as if it stood in the folder of the fixtures.
  static func document(_ edits: [Int: String]) throws -> Document {
    let lines = base.components(separatedBy: "\n").enumerated().map { edits[$0.offset + 1] ?? $0.element }
    return try Document.parse(text: lines.joined(separator: "\n"), file: try Fixtures.path("scenario.yaml"))
  }

  /// Compares all problems with the expected ones, whole.
  func check() throws {
    let catalogue = try Catalogue.shared.get()
    let folder = try Fixtures.path("")
    let found = #expect(throws: Problems.self) {
      let file = try ScenarioFile(document: try Self.document(edits), overrides: overrides)
      _ = try file.resolve(point: file.sweepPoints.first, with: catalogue)
    }
    let lines = found?.all.map { $0.description.replacing(folder, with: "") } ?? []
    #expect(lines == messages.map { $0.fillingIn(catalogue) })
  }
}

extension String {
  fileprivate func fillingIn(_ catalogue: ScenarioCatalogue) -> String {
    replacing("{systems}", with: catalogue.systems.systems.map(\.id).joined(separator: ", "))
      .replacing("{models}", with: catalogue.models.entries.map(\.id).joined(separator: ", "))
      .replacing("{datasets}", with: catalogue.datasets.names.joined(separator: ", "))
  }
}

/// Files that scenarios of the tests name.
enum Fixtures {
  private static let files = [
    "bad.csv": "arrival_seconds,input_tokens,output_tokens\n0,10,5\n1,0,5\nx,10,5\n",
    "good.csv": "arrival_seconds,input_tokens,output_tokens\n0,10,5\n1,20,5\n2,10,7\n",
    "badlen.csv": "value,count\n10,3\n20,x\n0,1\n",
    "lengths.csv": "value,count\n100,3\n200,1\n",
    "hours.csv": "# values an hour apart\n5\n6\n",
    "badhours.csv": "celsius\n5\nwarm\n",
    "coldhours.csv": "5\n-3\n",
    "plain.csv": "# one length a line\n100\n300\n100\n",
    "config.json": #"{"model_type": "llama", "hidden_size": 64}"#,
  ]

  private static let folder = Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "tokenmill-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    return folder.path + "/"
  }

  /// The path of a fixture.
  static func path(_ name: String) throws -> String { try folder.get() + name }
}
