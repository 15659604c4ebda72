import Foundation
import Testing

@Suite struct ErrorTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test func aMissingFile() throws {
    let result = try Command.run("run", "chta.yaml", in: folder)
    #expect(result.errors == "error: chta.yaml: no such file; did you mean 'chat.yaml'?\n")
    #expect(result.output.isEmpty)
    #expect(result.status == 2)
  }

  @Test func everyMistakeAtOnce() throws {
    try folder.write(
      Folder.chat.replacing("h100-sxm", with: "h100-sxn").replacing("max_batch_size", with: "max_batchsize")
        .replacing("seed: 3", with: "seed: -3"), to: "wrong.yaml")
    let result = try Command.run("run", "wrong.yaml", in: folder)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("error: wrong.yaml:3: site.system: found 'h100-sxn', "))
    #expect(lines[0].hasSuffix("did you mean 'h100-sxm'?"))
    #expect(lines[1].hasPrefix("error: wrong.yaml:7: deployments[0].engine.max_batchsize: "))
    #expect(lines[2].hasPrefix("error: wrong.yaml:13: run.seed: found -3, "))
    #expect(result.output.isEmpty)
    #expect(result.status == 2)
  }

  @Test func aWrongOverride() throws {
    let result = try Command.run("run", "chat.yaml", "--set", "site.accelerators", in: folder)
    #expect(result.errors == "error: --set site.accelerators: has no '='; for example 'site.racks=2'\n")
    #expect(result.status == 2)
  }

  @Test(arguments: [
    ["run"], ["run", "chat.yaml", "--bogus"], ["run", "chat.yaml", "--seed", "-1"], ["bogus"],
    ["run", "chat.yaml", "--threads", "0"], ["sweep", "chat.yaml", "--jobs", "many"],
    ["catalog", "calibrations", "x"],
  ])
  func wrongArguments(arguments: [String]) throws {
    let line = arguments.map { "'\($0)'" }.joined(separator: " ")
    let result = try Command.shell("$tokenmill \(line)", in: folder)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.hasPrefix("Error: "))
  }

  @Test func outputsAreCheckedBeforeTheRun() throws {
    for option in ["--json", "--results", "--requests"] {
      let result = try Command.run("run", "chat.yaml", option, "none/file", in: folder)
      #expect(result.status == 2)
      #expect(result.errors.hasPrefix("error: none/file: the folder '"))
      #expect(result.errors.hasSuffix("none' does not exist\n"))
      #expect(result.output.isEmpty)
    }
    #expect(folder.names == ["chat.yaml"])
  }

  @Test func aStoreThatIsNoDatabase() throws {
    let result = try Command.run("run", "chat.yaml", "--results", "chat.yaml", in: folder)
    #expect(result.errors == "error: chat.yaml: is not a SQLite database\n")
    #expect(result.status == 2)
    #expect(try folder.text("chat.yaml") == Folder.chat)
  }

  @Test func aSweepWithoutAxes() throws {
    let result = try Command.run("sweep", "chat.yaml", in: folder)
    #expect(
      result.errors
        == "error: chat.yaml: has no 'sweep:' section; for example "
        + "'sweep: { axes: [{ path: \"workload[0].arrivals.concurrency\", values: [1, 4, 16] }] }'\n")
    #expect(result.status == 2)
  }

  @Test func anUnknownNameInTheCatalogue() throws {
    let result = try Command.run("catalog", "models", "llama-3.1-8", in: folder)
    #expect(
      result.errors.hasPrefix("error: catalogue of models: found 'llama-3.1-8', there is no such model; "))
    #expect(result.errors.hasSuffix("did you mean 'llama-3.1-8b'?\n"))
    #expect(result.status == 2)
  }
}
