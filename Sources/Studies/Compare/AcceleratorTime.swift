import Documents
import Results

/// Where the time of a run's accelerators went, over the whole run: by operator and by limit, for an output token.
///
/// Seconds of replicas of different sizes can't be added; those of accelerators can, and their sum, idle time included, is
/// the inverse of output tokens/s for each accelerator in use.
struct AcceleratorTime: Sendable, Equatable {
  /// A part of the time.
  struct Part: Sendable, Equatable {
    var name: String
    /// Accelerator-seconds for an output token.
    var seconds: Double
  }

  /// Busy time by operator.
  var byOperator: [Part] = []
  /// All time by what bounds it, idle time included.
  var byLimit: [Part] = []

  /// All of it, in accelerator-seconds for an output token.
  var total: Double { byLimit.reduce(0) { $0 + $1.seconds } }

  /// The time of a summary; nil where it has no tokens or not the figures that it takes.
  init?(_ summary: JSONValue) {
    guard let rate = summary.number(at: "whole_run.throughput.output_tokens_per_second"),
      let seconds = summary.number(at: "whole_run.seconds"), rate * seconds > 0,
      case .array(let deployments)? = summary["deployments"]
    else { return nil }
    for deployment in deployments {
      guard case .array(let pools)? = deployment["pools"] else { return nil }
      for pool in pools {
        guard let accelerators = pool.number(at: "gpus"), let replicas = pool.number(at: "replicas"),
          replicas > 0,
          let time = pool["step_time"]
        else { return nil }
        let weight = accelerators / replicas / (rate * seconds)
        Self.add(time["by_operator"], times: weight, to: &byOperator)
        Self.add(time["by_limit"], times: weight, to: &byLimit)
      }
    }
  }

  private static func add(_ block: JSONValue?, times weight: Double, to parts: inout [Part]) {
    guard case .object(let members)? = block else { return }
    for (name, _) in members {
      let seconds = (block?.number(at: name) ?? 0) * weight
      if let index = parts.firstIndex(where: { $0.name == name }) {
        parts[index].seconds += seconds
      } else {
        parts.append(Part(name: name, seconds: seconds))
      }
    }
  }
}
