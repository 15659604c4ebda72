import Documents
import Testing

@Suite("Overrides")
struct OverrideTests {
  private func document() throws(Problems) -> Document {
    try Document.parse(
      text: """
        name: test
        deployments:
          - model: llama
            engine: { max_batch_size: 256 }
          - model: qwen
        run:
        """, file: "s.yaml")
  }

  private func after(_ path: String, _ value: String) -> String {
    do {
      return try document().setting(path: path, to: value).root.json.text(indent: 0)
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    (
      "deployments[0].engine.max_batch_size", "1024",
      #"{"name":"test","deployments":[{"model":"llama","engine":{"max_batch_size":1024}},{"model":"qwen"}],"run":null}"#
    ),
    (
      "deployments[1].engine.max_batch_size", "8",
      #"{"name":"test","deployments":[{"model":"llama","engine":{"max_batch_size":256}},"#
        + #"{"model":"qwen","engine":{"max_batch_size":8}}],"run":null}"#
    ),
    ("deployments", "[]", #"{"name":"test","deployments":[],"run":null}"#),
    ("deployments", "{ a: 8 TB/s }", #"{"name":"test","deployments":{"a":"8 TB/s"},"run":null}"#),
    (
      "run.seed", "7",
      #"{"name":"test","deployments":[{"model":"llama","engine":{"max_batch_size":256}},{"model":"qwen"}],"#
        + #""run":{"seed":7}}"#
    ),
    (
      "deployments[0]", "",
      #"{"name":"test","deployments":[null,{"model":"qwen"}],"run":null}"#
    ),
    (
      "name", "\"1\"",
      #"{"name":"1","deployments":[{"model":"llama","engine":{"max_batch_size":256}},{"model":"qwen"}],"run":null}"#
    ),
    (
      "deployments[2].model", "x",
      "--set deployments[2].model=x: deployments: found a list of 2, index 2 is out of range; allowed: 0 to 1"
    ),
    (
      "name.first", "x",
      "--set name.first=x: name: found 'test', a single value has nothing inside it to set ('first')"
    ),
    (
      "deployments.model", "x",
      "--set deployments.model=x: deployments: found a list of 2, a list is entered by an index, not by the key 'model'"
    ),
    (
      "deployments[0][1]", "x",
      "--set deployments[0][1]=x: deployments[0]: found a mapping, a mapping is entered by a key, not by the index [1]"
    ),
    ("run[0]", "x", "--set run[0]=x: run: found nothing, there is no list to enter by the index [0]"),
    (
      "deployments[*].model", "x",
      "--set deployments[*].model=x: the path is malformed; for example 'deployments[0].parallel.tensor=8'"
    ),
    (
      "name", "[1, 2",
      "--set name=[1, 2: the value is not YAML: while parsing a flow sequence (from line 1) did not find expected "
        + "',' or ']'"
    ),
  ])
  func setting(path: String, value: String, expected: String) {
    #expect(after(path, value) == expected)
  }

  @Test func problemsNameTheOverride() throws {
    let changed = try document().setting(path: "deployments[0].engine", to: "{ max_batch_size: many }")
    let node = try #require(try changed.node(at: "deployments[0].engine.max_batch_size"))
    let problems = ProblemCollector()
    _ = Field(node, problems: problems).int(in: 1...8)
    #expect(
      problems.problems.map(\.description) == [
        "--set deployments[0].engine={ max_batch_size: many }: deployments[0].engine.max_batch_size: found 'many', "
          + "a whole number is needed; allowed: 1 to 8"
      ])
    #expect(try changed.node(at: "deployments[1].model")?.place == "s.yaml:5")
  }
}
