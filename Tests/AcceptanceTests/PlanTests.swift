import Foundation
import Testing

@Suite struct PlanTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      Folder.chat.replacing(
        "max_output_tokens: 200",
        with: "max_output_tokens: 200\n    targets: { ttft_p99: 1 s, tpot_p99: 30 ms }")
        + "plan: { max_batch_size: [64], layouts: [{ tensor: 1 }, { tensor: 2 }], modes: [aggregated], finalists: 1 }\n",
      to: "plan.yaml")
  }

  private func schema() throws -> JSONSchema {
    let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("docs/plan.schema.json")
    return try JSONSchema(try String(contentsOf: docs, encoding: .utf8))
  }

  /// The JSON is of the schema that the documentation has, feasible or not.
  @Test(arguments: [
    "", "--set 'plan.traffic={ rate: 50 req/s }'", "--set 'plan.traffic={ rate: 1e6 req/s }'",
    "--set 'workload[0].targets={ tpot_p99: 1 us }'", "--set plan.modes=[disaggregated]",
    "--set 'deployments[0].model=llama-3.1-405b'",
  ])
  func theJSONIsOfItsSchema(options: String) throws {
    let result = try Command.shell("$tokenmill plan plan.yaml --json - -q \(options)", in: folder)
    #expect(result.errors.isEmpty, "\(result.errors)")
    let findings = try schema().findings(in: result.output)
    #expect(findings.isEmpty, "\(findings)")
    let plan = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect((plan["feasible"] as? Bool == true) == (result.status == 0))
    if result.status != 0 { #expect(result.status == 1) }
  }

  @Test func theTextFitsATerminal() throws {
    let result = try Command.run("plan", "plan.yaml", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let tables = result.output.split(separator: "\n").prefix { !$0.contains(": vllm") }
    for line in tables { #expect(line.count <= 80, "\(line)") }
    for text in ["vllm serve", "--tensor-parallel-size", "tokenmill run plan.yaml", "left of each limit"] {
      #expect(result.output.contains(text))
    }
    #expect(result.errors.contains(" of wall time"))
  }

  /// The settings make the scenario the configuration that was found.
  @Test func theSettingsRun() throws {
    let result = try Command.run("plan", "plan.yaml", "--json", "-", "-q", in: folder)
    let plan = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let best = try #require(plan["best"] as? [String: Any])
    let settings = try #require(best["settings"] as? [String: String])
    let overrides = settings.keys.sorted().map { "--set '\($0)=\(settings[$0] ?? "")'" }
    let run = try Command.shell(
      "$tokenmill run plan.yaml --json - -q \(overrides.joined(separator: " "))", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("\"output_tokens_per_second\""))
  }

  @Test func mistakesHaveTheirPlaces() throws {
    let none = try Command.run("plan", "chat.yaml", in: folder)
    #expect(none.status == 2 && none.output.isEmpty)
    #expect(none.errors.hasPrefix("error: chat.yaml: has no 'plan:' section; for example"))
    func errors(_ setting: String) throws -> String {
      let result = try Command.run("plan", "plan.yaml", "--set", setting, in: folder)
      #expect(result.status == 2, "\(setting)")
      return result.errors
    }
    #expect(try errors("plan.traffic={ rate: 5 req/s, growth: 2 }").contains("the traffic has two sizes"))
    #expect(try errors("plan.objective=carbon_per_million_tokens").contains("nobody says how much CO2"))
    #expect(
      try errors("plan={ traffic: { rate: 5 /s, growth: 2 }, objective: carbon_per_million_tokens }")
        .split(separator: "\n").count == 2)
    #expect(try errors("plan.systems=[h100-smx]").contains("did you mean 'h100-sxm'?"))
    #expect(try errors("plan.layouts=[{ tensr: 2 }]").contains("unknown key"))
    #expect(try errors("site.accelerators=").contains("nothing bounds the site"))
    #expect(try errors("deployments[0].modell=x").contains("unknown key"))
    #expect(
      try errors("workload[0].arrivals={ process: offline, requests: 5 }").contains("has no rate that a plan")
    )
  }

  @Test func finalistsGoIntoAStore() throws {
    let result = try Command.run("plan", "plan.yaml", "-q", "--results", "plan.sqlite", in: folder)
    #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
    #expect(folder.names.contains("plan.sqlite"))
  }
}
