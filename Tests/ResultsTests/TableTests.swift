import CostModel
import Testing

@testable import Results
@testable import Simulation

struct TableTests {
  @Test func numbersForAReader() {
    #expect(Numbers.text(0) == "0")
    #expect(Numbers.text(0.00012349) == "0.0001235")
    #expect(Numbers.text(0.5) == "0.5")
    #expect(Numbers.text(12.3456) == "12.35")
    #expect(Numbers.text(289_712.4) == "289,712")
    #expect(Numbers.text(-1234.5) == "-1,234")
    #expect(Numbers.text(17_694_720.0) == "17.69 M")
    #expect(Numbers.text(999_960_000.0) == "1 G")
    #expect(Numbers.text(1.5e12) == "1.5 T")
    #expect(Numbers.text(nil) == "-")
    #expect(Numbers.text(.nan) == "-")
    #expect(Numbers.text(Int64(1_769_472)) == "1,769,472")
    #expect(Numbers.seconds(0.0456) == "45.6 ms")
    #expect(Numbers.watts(132_000) == "132 kW")
    #expect(Numbers.percent(0.4321) == "43.2 %")
    #expect(Numbers.deviation(percent: 4.66) == "+4.7 %")
    #expect(Numbers.dollars(2.5) == "$2.5")
  }

  @Test func columnsAreAsWideAsTheyMustBe() {
    var table = TextTable([.init("name", .leading, maximumWidth: 6), .init("value")])
    table.add(["a", "1"])
    table.add(["abcdefgh", "12,345"])
    #expect(table.lines(indent: 2) == ["  name     value", "  a            1", "  abcde…  12,345"])
  }

  @Test func colourOnlyWhereAskedFor() {
    #expect(TextStyle().strong("a") == "a")
    #expect(TextStyle(usesColor: true).strong("a") == "\u{1B}[1ma\u{1B}[0m")
  }

  @Test func linesBreakBetweenWords() {
    #expect(
      RunReport.wrapped("  ab cd 12 % ef", indent: 4, width: 11) == ["  ab cd", "    12 % ef"])
    #expect(RunReport.wrapped("", indent: 4) == [""])
  }

  /// The whole text of a run whose figures are known: see `RunReportTests`.
  @Test func theWholeReport() {
    var cost = CostVector.zero
    cost[.time] = 16
    cost[.compute] = 4
    cost[.memory] = 12
    cost[.gemm] = 16
    let deployment = DeploymentContext(
      name: "chat", replicas: 2, accelerators: 2, load: .closedLoop,
      highlights: [.init("model", "Llama"), .init("engine", "vllm")])
    let references = [
      PublishedFigure(figure: "throughput.output_tokens_per_second", value: 1250, source: "a table of 2025")
    ]
    let text = RunReport(
      context(deployments: [deployment], references: references), [steadyOutcome(cost: cost)]
    ).text()
    #expect(
      text == """
        A test
        4 GPUs in 1 rack, seed 7: 10 of 10 requests done in 10 s of simulated time
        steady window: 0 s to 10 s (whole run)

        throughput                steady window  whole run
        output tokens/s                   1,000      1,000
          per GPU                           250        250
        input tokens/s                    2,000      2,000
        requests/s                            1          1
          within latency targets            0.8        0.8

        steady-state latency     mean  p50  p90  p95  p99  max
        no request got that far

        power, steady window             mean      peak
        one GPU in use                  300 W   300.4 W
        IT                             1.2 kW  1.201 kW
        site, at the grid connection  1.56 kW  1.561 kW
        GPU energy for an output token         0.6 J
        site energy for an output token       1.56 J
        output tokens/s for a site megawatt  641,026
        for a million output tokens           $2.222

        whole run        0 s to 10 s                                    low      high
        output tokens/s  ████████████████████████████████████████     997.3     1,001
        in flight        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁         0         0
        IT power         ████████████████████████████████████████  1.199 kW  1.201 kW

        endless runs like this one, 95 %      low     high
        output tokens/s                     999.4    1,001
          for a site megawatt             640,787  641,248

        binding limit: memory
        all time: compute 20.0 %, memory 60.0 %, idle 20.0 %
        busy time: gemm 100.0 %

        published figure                     published  predicted  deviation
        throughput.output_tokens_per_second      1,250      1,000    -20.0 %
        source: a table of 2025

        deployment chat
          model   Llama
          engine  vllm
        operator costs: measured 0.0 %, transferred 0.0 %, generic prior 100.0 %

        """)
  }

  @Test func noLineIsWiderThanATerminal() async {
    let plan = offlinePlan(requests: 2000, input: 10, output: 20, cost: constantCosts(step: 0.01234567))
    let run = await Simulation.run(plan, RunPlan())
    let long = String(repeating: "a long name ", count: 20)
    let deployment = DeploymentContext(
      name: "chat", replicas: 1, accelerators: 1, highlights: [.init("model", long)])
    var site = smallSite
    site.arithmetic = [long]
    let references = [
      PublishedFigure(figure: "latency_seconds.ttft.p99", value: 1_234_567, source: long)
    ]
    let text = RunReport(
      context(site: site, deployments: [deployment, deployment], references: references), [run, run]
    ).text()
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }
}
