import Documents
import Quantities
import Testing

private enum Policy: String, CaseIterable {
  case random, roundRobin = "round-robin", leastOutstanding = "least-outstanding"
}

@Suite("Reading a document")
struct ReaderTests {
  /// A miniature of a scenario: every accessor once.
  private func read(_ text: String) -> String {
    let problems = ProblemCollector()
    do {
      let document = try Document.parse(text: text, file: "s.yaml")
      var root = MappingReader(document.root, problems: problems)
      _ = root.required("name").string()
      if var site = root.required("site").mapping() {
        _ = site.required("power").quantity(Watts.self, in: Watts(si: 1000)...Watts(si: 1e10))
        _ = site.optional("racks").int(in: 1...1000)
        _ = site.optional("bandwidth").quantity(BytesPerSecond.self, above: .zero)
        site.finish()
      }
      for deployment in root.optional("deployments").list() ?? [] {
        guard var reader = deployment.mapping() else { continue }
        _ = reader.required("model").string()
        _ = reader.optional("policy").choice(Policy.self)
        _ = reader.optional("tensor").choice(["1", "2", "4", "8"])
        _ = reader.optional("weight").double(in: 0...1)
        _ = reader.optional("overlap").bool()
        reader.finish()
      }
      root.finish()
      try problems.throwIfAny()
      return ""
    } catch {
      return error.description
    }
  }

  @Test func rightIsSilent() {
    #expect(
      read(
        """
        name: 2024
        site: { power: 1 GW, racks: 1e2, bandwidth: 400 Gbit/s }
        deployments:
          - { model: llama, policy: round-robin, tensor: 8, weight: 0.5, overlap: true }
          - { model: "1.0", policy: null }
        """) == "")
  }

  @Test func allProblemsAtOnceInTheOrderOfTheText() {
    let text = """
      site:
        power: 1 GB
        racks: 3.5
        bandwith: 8 TB/s
      deployments:
        - model: llama
          policy: round_robin
          tensor: 3
          weight: 1.5
          overlap: yes
        - modle: llama
        - just text
        - model: [a, b]
          weight: "0.5"
      nmae: test
      """
    #expect(
      read(text) == """
        s.yaml:1: name: required, but missing
        s.yaml:2: site.power: found '1 GB', which is a data size; a power is needed; for example '8 kW'
        s.yaml:3: site.racks: found 3.5, a whole number is needed; allowed: 1 to 1000
        s.yaml:4: site.bandwith: unknown key; allowed: power, racks, bandwidth; did you mean 'bandwidth'?
        s.yaml:7: deployments[0].policy: found 'round_robin', not a known name; allowed: random, round-robin, \
        least-outstanding; did you mean 'round-robin'?
        s.yaml:8: deployments[0].tensor: found 3, not a known name; allowed: 1, 2, 4, 8
        s.yaml:9: deployments[0].weight: found 1.5, out of range; allowed: 0.0 to 1.0
        s.yaml:10: deployments[0].overlap: found 'yes', true or false is needed; write true
        s.yaml:11: deployments[1].model: required, but missing
        s.yaml:11: deployments[1].modle: unknown key; allowed: model, policy, tensor, weight, overlap; \
        did you mean 'model'?
        s.yaml:12: deployments[2]: found 'just text', a mapping (key: value) is needed
        s.yaml:13: deployments[3].model: found a list of 2, a text is needed
        s.yaml:14: deployments[3].weight: found '0.5', a number is needed; allowed: 0.0 to 1.0; \
        write it without quotes
        s.yaml:15: nmae: unknown key; allowed: name, site, deployments; did you mean 'name'?
        """)
  }

  @Test func rangesOfQuantities() {
    #expect(
      read("name: x\nsite: { power: 5 W, bandwidth: 0 B/s }\n") == """
        s.yaml:2: site.power: found '5 W', out of range; allowed: 1 kW to 10 GW
        s.yaml:2: site.bandwidth: found '0 B/s', out of range; allowed: more than 0 B/s
        """)
    #expect(
      read("name: x\nsite:\n  power:\n")
        == "s.yaml:3: site.power: required, but empty")
    #expect(
      read("name: x\nsite: 5\ndeployments: llama\n") == """
        s.yaml:2: site: found 5, a mapping (key: value) is needed
        s.yaml:3: deployments: found 'llama', a list is needed; write [llama]
        """)
  }

  @Test(arguments: [
    ("tensr", "tensor"), ("Tensor", "tensor"), ("tesnor", "tensor"), ("max-batch-size", "max_batch_size"),
    ("max_batch", "max_batch_size"), ("pipline", "pipeline"),
  ])
  func nearest(text: String, expected: String) {
    #expect(nearestName(to: text, among: ["tensor", "pipeline", "expert", "max_batch_size"]) == expected)
  }

  @Test(arguments: ["", "x", "colour", "attention", "zz"])
  func nothingNear(text: String) {
    #expect(nearestName(to: text, among: ["tensor", "pipeline", "expert", "max_batch_size"]) == nil)
  }

  @Test func problemsSortByPlaceAndDropRepetitions() {
    let a = Problem(file: "a", line: 9, path: "p", message: "m")
    let b = Problem(file: "a", line: 2, path: "q", message: "n")
    let override = Problem(file: "--set p=1", path: "p", message: "o")
    #expect(Problems([override, a, b, a]).all == [b, a, override])
  }
}
