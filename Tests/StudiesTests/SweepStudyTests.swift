import Documents
import Foundation
import Results
import Scenario
import Simulation
import Synchronization
import Testing

@testable import Studies

struct SweepStudyTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  private func file(_ more: String, name: String = "study.yaml") throws -> ScenarioFile {
    let text = """
      tokenmill: 1
      name: A study
      site: { system: h100-sxm, nodes: 1 }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { framework: vllm, max_batch_size: 64 }
          replicas: 2
      workload:
        - arrivals: { process: poisson, rate: 20 /s, requests: 50 }
          lengths: { input: { lognormal: { mean: 300, coefficient_of_variation: 1 } }, output: 20 }
      run: { seed: 5, warm_up: none }
      \(more)
      """
    return try ScenarioFile(document: try Document.parse(text: text, file: name))
  }

  private static let batches = """
    sweep:
      axes:
        - { path: "deployments[0].engine.max_batch_size", values: [1, 64] }
        - { path: "deployments[0].parallel.tensor", values: [1, 2] }
    """

  @Test("INV-21: points that differ in how requests are served see the same requests, to the nanosecond")
  func pointsSeeTheSameRequests() async throws {
    let file = try file(Self.batches)
    let options = ResolutionOptions(recordsRequests: true)
    let study = SweepStudy(file, with: catalogue, options: options)
    let seen = Mutex<[Int: [[Int64]]]>([:])
    _ = try await study.run(file.sweepPoints, jobs: 2) { swept, run in
      let records = run?.outcomes[0].observations.records ?? []
      let requests = records.sorted { $0.index < $1.index }.map {
        [Int64($0.index), $0.arrival.nanoseconds, Int64($0.inputTokens), Int64($0.outputTokens)]
      }
      seen.withLock { $0[swept.point.index] = requests }
    }
    let all = seen.withLock { $0 }
    #expect(all[0]?.count == 50)
    for point in 1..<4 { #expect(all[point] == all[0], "point \(point)") }
    // The points do differ.
    let figures = try await study.run(file.sweepPoints).map { $0.figures?.endToEndMeanSeconds }
    #expect(figures[0] != figures[2])
  }

  /// Results are given as soon as they are there and come back in the order of the points.
  @Test func resultsAreInOrder() async throws {
    let file = try file(Self.batches)
    let points = Array(file.sweepPoints.reversed())
    let results = try await SweepStudy(file, with: catalogue).run(points, jobs: 3)
    #expect(results.map(\.point.index) == [3, 2, 1, 0])
  }

  @Test func shardsAreAPartition() throws {
    let points = try file(Self.batches).sweepPoints
    let shards = (1...3).compactMap { SweepShard(number: $0, of: 3)?.points(of: points).map(\.index) }
    #expect(shards == [[0, 3], [1], [2]])
  }

  private func identity(_ file: ScenarioFile, _ options: ResolutionOptions = .init(), version: String = "1")
    -> String
  {
    SweepIdentity(file, options: options, program: .init(version: version, build: "b")).text
  }

  @Test func whatDecidesResultsDecidesTheIdentity() throws {
    let base = try identity(file(Self.batches))
    // Comments, the place of the file and threads change no result.
    #expect(try identity(file("# note\n" + Self.batches, name: "elsewhere/study.yaml")) == base)
    #expect(try identity(file(Self.batches), ResolutionOptions(threads: 4)) == base)
    let others = [
      try identity(file(Self.batches), ResolutionOptions(seed: 6)),
      try identity(file(Self.batches), ResolutionOptions(macroSteps: false)),
      try identity(file(Self.batches), version: "2"),
      try identity(file(Self.batches.replacing("64", with: "32"))),
    ]
    #expect(Set(others + [base]).count == 5)
    #expect(SweepDifference.text(others[0], base) == "seed \"6\", not null")
    #expect(SweepDifference.text(others[3], base) == "other scenario (sweep)")
    #expect(SweepDifference.text(others[2], base) == "version \"2\", not \"1\"")
  }

  /// A trace's content counts, not its name.
  @Test func filesCountByTheirContent() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let trace = folder.appendingPathComponent("trace.csv")
    let more = "references: [{ figure: x, value: 1, source: trace.csv }]"
    func identities() throws -> String { try identity(file(more, name: folder.path + "/study.yaml")) }
    let none = try identities()
    try "a".write(to: trace, atomically: true, encoding: .utf8)
    let first = try identities()
    try "b".write(to: trace, atomically: true, encoding: .utf8)
    let second = try identities()
    #expect(Set([none, first, second]).count == 3)
    #expect(SweepDifference.text(first, second) == "other files (trace.csv)")
  }
}
