import Foundation
import Testing

@Suite struct RunTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test func tablesGoToStandardOutput() throws {
    let result = try Command.run("run", "chat.yaml", in: folder)
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("A small chat\n2 GPUs in 1 rack, seed 3: 300 of 300 requests done in "))
    #expect(result.output.contains("\nbinding limit: "))
    #expect(result.errors.contains(" of wall time, "))
    #expect(!result.output.contains("wall time"))
    #expect(!(result.output + result.errors).contains("\u{1B}"), "escape sequences outside a terminal")
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80) }
  }

  @Test func jsonOnStandardOutputIsAlone() throws {
    let result = try Command.run("run", "chat.yaml", "--json", "-", in: folder)
    #expect(result.status == 0)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(json["scenario"] as? String == "A small chat")
    let requests = try #require(json["requests"] as? [String: Any])
    #expect(requests["completed"] as? Int == 300)
    #expect(json["configuration"] as? [String: Any] != nil)
    #expect(result.errors.hasPrefix("A small chat\n"))
  }

  @Test func quietSaysNothing() throws {
    let result = try Command.run("run", "chat.yaml", "--json", "-", "--quiet", in: folder)
    #expect(result.errors.isEmpty)
    #expect(result.output.hasPrefix("{\n  \"tokenmill\": 1,\n"))
    let silent = try Command.run("run", "chat.yaml", "-q", in: folder)
    #expect(silent.output.isEmpty)
    #expect(silent.errors.isEmpty)
    #expect(silent.status == 0)
  }

  /// Two processes, one thread and two, independent replicas and such that share a router's look at load.
  @Test(arguments: ["round-robin", "least-outstanding"])
  func sameBytesWhateverTheThreads(router: String) throws {
    let arguments = [
      "run", "chat.yaml", "--json", "-", "-q", "--set", "deployments[0].router.policy=\(router)",
    ]
    let one = try Command.shell("$tokenmill \(quoted(arguments)) --threads 1", in: folder)
    let two = try Command.shell("$tokenmill \(quoted(arguments)) --threads 2", in: folder)
    let again = try Command.shell("$tokenmill \(quoted(arguments)) --threads 2", in: folder)
    #expect(one.status == 0, "\(one.errors)")
    #expect(!one.output.isEmpty)
    #expect(one.output == two.output)
    #expect(two.output == again.output)
  }

  @Test func singleStepsChangeOnlyTheCountOfEvents() throws {
    let fast = try Command.run("run", "chat.yaml", "--json", "-", "-q", in: folder)
    let slow = try Command.run("run", "chat.yaml", "--json", "-", "-q", "--single-step", in: folder)
    func lines(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { !$0.contains("\"events\"") }
    }
    #expect(lines(fast.output) == lines(slow.output))
  }

  @Test func anotherSeedIsAnotherRun() throws {
    let three = try Command.run("run", "chat.yaml", "--json", "-", "-q", "--seed", "3", in: folder)
    let file = try Command.run("run", "chat.yaml", "--json", "-", "-q", in: folder)
    let four = try Command.run("run", "chat.yaml", "--json", "-", "-q", "--seed", "4", in: folder)
    #expect(three.output == file.output)
    #expect(four.output != file.output)
    #expect(four.output.contains("\n  \"seed\": 4,\n"))
  }

  @Test func everyOutputFile() throws {
    let result = try Command.run(
      "run", "chat.yaml", "-q", "--json", "out.json", "--results", "runs.sqlite", "--requests", "r.csv",
      in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(folder.names == ["chat.yaml", "out.json", "r.csv", "runs.sqlite"])
    let printed = try Command.run("run", "chat.yaml", "--json", "-", "-q", in: folder)
    #expect(try folder.text("out.json") == printed.output)
    let lines = try folder.text("r.csv").split(separator: "\n")
    #expect(lines.count == 301)
    #expect(
      lines[0].hasPrefix("deployment,stream,request,replica,input_tokens,output_tokens,arrival_seconds,"))
    #expect(lines[1].hasPrefix("chat,0,0,"))
    let again = try Command.run("run", "chat.yaml", "-q", "--results", "runs.sqlite", in: folder)
    #expect(again.status == 0, "\(again.errors)")
  }

  /// A killed run leaves a store that the next one can use.
  @Test func aKilledRunLeavesTheStoreWhole() throws {
    let long =
      "--single-step --set 'workload[0].arrivals.requests=3000000' --set 'workload[0].arrivals.rate=2000 req/s'"
    let line = "$tokenmill run chat.yaml -q --results runs.sqlite \(long) & sleep 1; kill -9 $!; wait $!"
    #expect(try Command.shell(line, in: folder).status == 128 + 9)
    let next = try Command.run("run", "chat.yaml", "-q", "--results", "runs.sqlite", in: folder)
    #expect(next.status == 0, "\(next.errors)")
  }

  /// A reader that leaves early costs no output file and makes no noise.
  @Test func aReaderThatLeavesEarly() throws {
    let result = try Command.shell(
      "$tokenmill run chat.yaml --json out.json | head -n 1", in: folder)
    #expect(result.output == "A small chat\n")
    #expect(try folder.text("out.json").hasSuffix("}\n"))
    #expect(!result.errors.contains("error"))
  }

  @Test func aFullDiskIsAFault() throws {
    let result = try Command.shell("$tokenmill run chat.yaml --json - -q > /dev/full", in: folder)
    #expect(result.status == 3)
    #expect(result.errors == "error: standard output: No space left on device\n")
  }

  /// On a terminal there is colour and a progress line that goes away; NO_COLOR takes the colour.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func colourOnATerminal() throws {
    let colored = try Command.shell(
      "TERM=xterm script -qec \"$tokenmill run chat.yaml\" /dev/null", in: folder)
    #expect(colored.output.contains("\u{1B}[1mA small chat\u{1B}[0m"))
    #expect(colored.output.contains(" of 300 requests"))
    let plain = try Command.shell(
      "NO_COLOR=1 TERM=xterm script -qec \"$tokenmill run chat.yaml\" /dev/null", in: folder)
    #expect(!plain.output.contains("\u{1B}[1m"))
    #expect(plain.output.contains("A small chat"))
  }

  private func quoted(_ arguments: [String]) -> String { arguments.map { "'\($0)'" }.joined(separator: " ") }
}
