import Documents
import Scenario
import Simulation
import Testing

@Suite("The scenarios that ship")
struct ShippedScenarioTests {
  @Test func gb300Rack() throws {
    let file = try ScenarioFile.read(path: shippedPath("gb300-nvl72-llama-2-70b-offline.yaml"))
    let scenario = try file.resolve(with: try ScenarioCatalogue.load())
    print(scenario.echo.text())
    #expect(scenario.site.accelerators == 72)
  }
}
