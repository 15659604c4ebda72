import Foundation
import Testing
import Workload

@Suite struct DatasetCatalogueTests {
  let catalogue: DatasetCatalogue

  init() throws {
    catalogue = try DatasetCatalogue.load()
  }

  @Test("every data set is there under its id and its aliases, with where it is from")
  func ids() {
    #expect(
      catalogue.datasets.map(\.id) == [
        "azure-2023-code", "azure-2023-conversation", "mlperf-deepseek-r1", "mlperf-gpt-oss-120b",
        "mlperf-llama-3.1-405b", "mlperf-llama-3.1-8b", "mlperf-mixtral-8x7b", "openorca-mlperf",
      ])
    let aliases = [
      "cnn-dailymail-mlperf": "mlperf-llama-3.1-8b", "mixtral-mlperf": "mlperf-mixtral-8x7b",
      "llama31-405b-mlperf": "mlperf-llama-3.1-405b", "deepseek-r1-mlperf": "mlperf-deepseek-r1",
      "gpt-oss-120b-mlperf": "mlperf-gpt-oss-120b", "openorca-mlperf": "openorca-mlperf",
    ]
    for (alias, id) in aliases { #expect(catalogue[alias]?.id == id) }
    #expect(catalogue["openorca"] == nil)
    #expect(catalogue.names.count == 14)
    for dataset in catalogue.datasets {
      #expect(["Apache-2.0", "CC-BY-4.0"].contains(dataset.licence))
      #expect(dataset.source.contains(dataset.id.hasPrefix("azure") ? "Azure" : "MLCommons"))
      #expect(!dataset.derivations.isEmpty)
    }
  }

  @Test(
    "prompts and answers have the published means and limits",
    arguments: [
      // Means of the whole data sets or traces; answers of those that are scaled: what results imply.
      ("openorca-mlperf", 222.33, 284, 48, 1021, 1024), ("mlperf-mixtral-8x7b", 427.39, 145, 35, 1948, 1024),
      ("mlperf-llama-3.1-8b", 870.73, 128.66, 79, 2540, 129),
      ("mlperf-llama-3.1-405b", 9428.64, 654, 476, 19988, 20_000),
      ("mlperf-deepseek-r1", 803.79, 3700, 52, 3140, 20_000),
      ("mlperf-gpt-oss-120b", 5010.64, nil, 600, 15330, 0),
      ("azure-2023-conversation", 1154.70, 211.13, 2, 14050, 1000),
      ("azure-2023-code", 2047.85, 27.88, 3, 7437, 1899),
    ] as [(String, Double, Double?, Int, Int, Int)])
  func lengths(
    id: String, meanInput: Double, meanOutput: Double?, shortest: Int, longest: Int, longestOutput: Int
  ) throws {
    let dataset = try #require(catalogue[id])
    let input = try #require(dataset.input)
    #expect(abs(input.mean / meanInput - 1) < 2e-5)
    #expect(input.minimum >= shortest)
    #expect(input.maximum <= longest)
    #expect(Double(input.maximum) > 0.99 * Double(longest))
    #expect((dataset.output == nil) == (meanOutput == nil))
    if let output = dataset.output, let meanOutput {
      #expect(abs(output.mean / meanOutput - 1) < 2e-4)
      #expect(output.maximum <= longestOutput)
    }
  }

  @Test("requests of a data set have its means, and its correlation")
  func requests() throws {
    let dataset = try #require(catalogue["mlperf-deepseek-r1"])
    let lengths = try #require(dataset.requestLengths(seed: 5))
    let drawn = (0..<100_000).map { lengths.lengths(ofRequest: $0) }
    let inputs = drawn.map { Double($0.input) }
    let outputs = drawn.map { Double($0.output) }
    // Coefficients of variation of 0.6 and 1.1: 4 sigma of either mean.
    #expect(abs(Statistics.mean(inputs) / 803.79 - 1) < 4 * 0.6 / 316)
    #expect(abs(Statistics.mean(outputs) / 3700 - 1) < 4 * 1.12 / 316)
    let covariance = zip(inputs, outputs).reduce(0) { $0 + ($1.0 - 803.79) * ($1.1 - 3700) } / 100_000
    let deviations = (Statistics.variance(inputs) * Statistics.variance(outputs)).squareRoot()
    // −0.395 in the data set.
    #expect(abs(covariance / deviations + 0.395) < 0.02)
  }

  @Test("a data set without answers gives no requests; one with answers can be scaled")
  func answers() throws {
    let inputsOnly = try #require(catalogue["mlperf-gpt-oss-120b"])
    #expect(inputsOnly.requestLengths(seed: 1) == nil)
    #expect(inputsOnly.rescaledOutputs(toMean: 100, maximum: 1000).output == nil)
    for id in ["openorca-mlperf", "mlperf-llama-3.1-405b"] {
      let dataset = try #require(catalogue[id])
      let scaled = dataset.rescaledOutputs(toMean: 294.45, maximum: 1024)
      #expect(scaled.input == dataset.input)
      let output = try #require(scaled.output)
      #expect(abs(output.mean - 294.45) < 0.1)
      #expect(output.maximum <= 1024)
    }
  }

  @Test("files that were cut or edited are refused")
  func badFiles() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tokenmill-datasets-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let header = "# id: x\n# aliases: y z\n# title: t\n# source: s\n# licence: l\n# derived: d\n"
    func message(_ text: String) throws -> String {
      try text.write(to: folder.appendingPathComponent("x.inputs.csv"), atomically: true, encoding: .utf8)
      do {
        let catalogue = try DatasetCatalogue.load(folder: folder)
        return catalogue.names.joined(separator: " ")
      } catch {
        return "\(error)"
      }
    }
    #expect(try message(header + "# mean: 2.5\nvalue,count\n2,1\n3,1\n") == "x y z")
    #expect(
      try message(header + "# mean: 2.6\nvalue,count\n2,1\n3,1\n")
        == "x.inputs.csv: mean is 2.6, but the rows have 2.5")
    #expect(
      try message(header + "# mean: 2.5\nvalue,count\n2,1\n3,\n")
        == "x.inputs.csv:10: found '3,'; allowed: 2 whole numbers of 1 or more")
    #expect(
      try message(header + "# mean: 2.5\nvalue,count\n3,1\n2,1\n")
        == "x.inputs.csv: no table of lengths; allowed: columns value,count with ascending values")
    #expect(try message("value,count\n2,1\n") == "x.inputs.csv: '# mean: …' is missing")
    #expect(try message("# mean 2\n") == "x.inputs.csv:1: found '# mean 2'; allowed: '# key: value'")
  }
}
