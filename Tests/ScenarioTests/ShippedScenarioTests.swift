import Documents
import Scenario
import Simulation
import Testing

@Suite("The scenarios that ship")
struct ShippedScenarioTests {
  @Test(arguments: [
    "gb300-nvl72-llama-2-70b-offline", "h100-llama-3.1-70b-azure-conversation",
    "b200-deepseek-r1-closed-loop", "mi355x-llama-3.1-405b-offline", "h100-llama-3.1-8b-poisson",
    "stable-diffusion-xl-h100", "hypothetical/gb300-nvl144-hbm4",
  ]) func gb300Rack(name: String) throws {
    let file = try ScenarioFile.read(path: shippedPath(name + ".yaml"))
    let scenario = try file.resolve(with: try ScenarioCatalogue.load())
    print(name, scenario.echo["site"]!.text(indent: 0), scenario.echo["deployments"]!.text(indent: 0))
    print(scenario.echo["workload"]!.text(indent: 0).suffix(300), file.sweepPoints.map(\.label))
  }
}
