import Documents
import Foundation
import Testing

@testable import Results
@testable import Simulation

struct OutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  @Test func replacesAFileAsAWhole() throws {
    try "an old and much longer text".write(toFile: folder.path("a"), atomically: true, encoding: .utf8)
    try OutputFile(checking: folder.path("a")).write("new\n")
    #expect(try text("a") == "new\n")
    #expect(folder.names == ["a"])
  }

  @Test func whatFailsLeavesTheOldFile() throws {
    try "old".write(toFile: folder.path("a"), atomically: true, encoding: .utf8)
    let file = try OutputFile(checking: folder.path("a"))
    #expect(throws: Problems.self) {
      try file.write { (append) throws(Problems) in
        try append("half of it")
        throw Problems(Problem(file: "a", message: "interrupted"))
      }
    }
    #expect(try text("a") == "old")
    #expect(folder.names == ["a"])
  }

  @Test func aLinkStaysALink() throws {
    try "old".write(toFile: folder.path("target"), atomically: true, encoding: .utf8)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("target"))
    try OutputFile(checking: folder.path("link")).write("new")
    #expect(try text("target") == "new")
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")).hasSuffix("target"))
  }

  @Test func aDeviceIsNotReplaced() throws {
    try OutputFile(checking: "/dev/null").write("gone")
    let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
    #expect(type == .typeCharacterSpecial)
  }

  @Test func refusesFoldersAndMissingFolders() {
    #expect(throws: Problems.self) { try OutputFile(checking: folder.url.path) }
    #expect(throws: Problems.self) { try OutputFile(checking: folder.path("none/a")) }
    #expect(throws: Problems.self) { try OutputFile(checking: "") }
  }

  /// Two requests in one batch at 10 ms a step: three tokens and one token.
  @Test func requestsAsCommaSeparatedValues() async throws {
    var run = outcome(Observations(), name: "chat, \"large\"")
    run.observations.records = [
      RequestRecord(
        stream: 0, index: 0, replica: 3, inputTokens: 10, outputTokens: 3,
        arrival: SimTime(nanoseconds: 1_500_000_000), scheduled: SimTime(nanoseconds: 1_500_000_001),
        firstToken: SimTime(nanoseconds: 1_750_000_000), completed: SimTime(nanoseconds: 2_250_000_000),
        preemptions: 1),
      RequestRecord(
        stream: 1, index: 9, replica: 0, inputTokens: 7, outputTokens: 1,
        arrival: .zero, scheduled: .zero, firstToken: SimTime(nanoseconds: 10_000_000),
        completed: SimTime(nanoseconds: 10_000_000), preemptions: 0, cachedTokens: 5),
    ]
    try RequestTable.write([run], to: try OutputFile(checking: folder.path("r.csv")))
    let name = #""chat, ""large""""#
    #expect(
      try text("r.csv") == """
        deployment,stream,request,replica,input_tokens,output_tokens,arrival_seconds,scheduled_seconds,\
        first_token_seconds,last_token_seconds,queue_seconds,ttft_seconds,tpot_seconds,e2e_seconds,preemptions,\
        cached_input_tokens
        \(name),0,0,3,10,3,1.500000000,1.500000001,1.750000000,2.250000000,0.000000001,0.250000000,0.25,0.750000000,1,0
        \(name),1,9,0,7,1,0.000000000,0.000000000,0.010000000,0.010000000,0.000000000,0.010000000,,0.010000000,0,5

        """)
  }
}
