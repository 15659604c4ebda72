import CostModel
import Foundation
import Models

/// What a published recipe sets for the decode workers of a disaggregated run.
struct PoolRecipe: Sendable, Equatable {
  /// Requests that one attention group decodes at most.
  var decodeBatch: Int
  /// Tokens drafted in a step, 0 without speculation.
  var drafts: Int

  /// What tells the runs of recipes apart.
  struct Key: Sendable, Hashable {
    var system: String
    var weights: String
    var inputTokens: Int
    var outputTokens: Int
    var clients: Int
    var prefillWorkers: Int
    var decodeWorkers: Int
    /// Accelerators of a decode worker, and its attention groups.
    var decodeAccelerators: Int
    var decodeGroups: Int
  }

  /// The recipes of a run, without speculation first; empty where none is published.
  static func published(_ key: Key) -> [PoolRecipe] { table[key] ?? [] }

  /// Recipes of TensorRT-LLM under Dynamo in InferenceX.
  ///
  /// Source: `.github/configs/nvidia-master.yaml` of the InferenceX repository (Apache-2.0), spring 2026: clients,
  /// workers and layouts of each entry; batch, groups and drafts from the name of the recipe file that it points to.
  private static let table: [Key: [PoolRecipe]] = {
    let url = Bundle.module.bundleURL.appendingPathComponent("Recipes/inferencex-pools.csv")
    guard let text = try? String(contentsOf: url, encoding: .utf8) else {
      preconditionFailure("the package's recipes of pools can't be read: \(url.path)")
    }
    var table: [Key: [PoolRecipe]] = [:]
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",").map(String.init)
      let numbers = fields.dropFirst(2).compactMap(Int.init)
      precondition(fields.count == 11 && numbers.count == 9, "a recipe of pools that is none: \(line)")
      let key = Key(
        system: fields[0], weights: fields[1], inputTokens: numbers[0], outputTokens: numbers[1],
        clients: numbers[2], prefillWorkers: numbers[3], decodeWorkers: numbers[4],
        decodeAccelerators: numbers[5], decodeGroups: numbers[6])
      table[key, default: []].append(PoolRecipe(decodeBatch: numbers[7], drafts: numbers[8]))
    }
    return table.mapValues { $0.sorted { ($0.drafts, $0.decodeBatch) < ($1.drafts, $1.decodeBatch) } }
  }()
}

extension PointDraft {
  /// The published recipe of a disaggregated run; nil where there is none.
  ///
  /// Runs with and without speculation may share all that a row states: rows are taken to draft nothing unless they
  /// are suspected of it or no other recipe fits, and suspected ones to draft where a recipe does.
  var poolRecipe: PoolRecipe? {
    guard framework == .tensorRTLLM, model.id.hasPrefix("deepseek"), let clients = point.concurrency,
      let input = point.inputTokens, let output = point.outputTokens,
      let prefill = point.prefill.workers, let decode = point.decode.workers
    else { return nil }
    let groups = point.decode.attentionData ?? 1
    let found = PoolRecipe.published(
      PoolRecipe.Key(
        system: point.system, weights: point.weights, inputTokens: Int(input), outputTokens: Int(output),
        clients: Int(clients), prefillWorkers: prefill, decodeWorkers: decode,
        decodeAccelerators: max(point.decode.tensor ?? 1, groups), decodeGroups: groups))
    return point.isSpeculationSuspected ? found.last : found.first
  }
}
