import Documents
import Scenario
import Simulation
import Workload

/// The scenarios on which estimates are held against simulations: configurations, each under several loads.
enum EstimateGrid {
  /// One configuration without its load.
  struct Configuration: Sendable {
    /// Its name in results.
    var name: String
    /// The scenario's site.
    var site: String
    /// Its one deployment.
    var deployment: String
    /// Lengths of its requests.
    var lengths: String
    /// The longest answer.
    var maximumOutput: Int
  }

  /// A load of a configuration.
  enum Load: Sendable, Equatable {
    /// All requests from the start: what it sustains.
    case offline
    /// Poisson arrivals at a share of that.
    case open(share: Double)
    /// Clients that keep so many requests in flight for each replica.
    case closedLoop(perReplica: Int)

    /// Its name in results.
    var name: String {
      switch self {
      case .offline: "offline"
      case .open(let share): "\(Int((share * 100).rounded()))-percent"
      case .closedLoop(let clients): "\(clients)-clients-a-replica"
      }
    }
  }

  /// The loads of every configuration; the offline one comes first, since others are shares of it.
  static let loads: [Load] =
    [.offline] + [0.3, 0.5, 0.7, 0.85, 0.95].map { .open(share: $0) }
    + [4, 32].map { .closedLoop(perReplica: $0) }

  private static let chat =
    "{ input: { lognormal: { mean: 1000, coefficient_of_variation: 1, max: 8000 } }, "
    + "output: { lognormal: { mean: 300, coefficient_of_variation: 0.8, max: 2000 } } }"
  private static let benchmark = "{ inferencex: { input: 1024, output: 1024 } }"
  private static let documents =
    "{ input: { lognormal: { mean: 6000, coefficient_of_variation: 0.5, max: 16000 } }, output: 300 }"

  /// The configurations.
  static let configurations: [Configuration] = [
    Configuration(
      name: "h100-8b-vllm", site: "{ system: h100-sxm, accelerators: 1 }",
      deployment: "{ model: llama-3.1-8b, engine: { framework: vllm, max_num_seqs: 128 } }", lengths: chat,
      maximumOutput: 2000),
    Configuration(
      name: "h100-8b-sglang", site: "{ system: h100-sxm, accelerators: 1 }",
      deployment: "{ model: llama-3.1-8b, engine: { framework: sglang, max_batch_size: 128 } }",
      lengths: chat, maximumOutput: 2000),
    Configuration(
      name: "h100-8b-vllm-short", site: "{ system: h100-sxm, accelerators: 1 }",
      deployment:
        "{ model: llama-3.1-8b, engine: { framework: vllm, max_num_seqs: 256, max_num_batched_tokens: 2048 } }",
      lengths: "{ input: { lognormal: { mean: 500, coefficient_of_variation: 1, max: 4000 } }, output: 20 }",
      maximumOutput: 32),
    Configuration(
      name: "h100-8b-vllm-4-replicas", site: "{ system: h100-sxm, accelerators: 4 }",
      deployment:
        "{ model: llama-3.1-8b, replicas: 4, router: { policy: least-outstanding }, "
        + "engine: { framework: vllm, max_num_seqs: 64 } }",
      lengths: chat, maximumOutput: 2000),
    Configuration(
      name: "h100-8b-trt-4-replicas", site: "{ system: h100-sxm, accelerators: 4 }",
      deployment:
        "{ model: llama-3.1-8b, replicas: 4, engine: { framework: tensorrt-llm, max_batch_size: 64 } }",
      lengths: "{ input: 2000, output: 150 }", maximumOutput: 150),
    Configuration(
      name: "l40s-8b-vllm-kv", site: "{ system: l40s, accelerators: 1 }",
      deployment: "{ model: llama-3.1-8b, engine: { framework: vllm, max_num_seqs: 256 } }",
      lengths: documents, maximumOutput: 300),
    Configuration(
      name: "h200-70b-sglang-kv", site: "{ system: h200-sxm, accelerators: 2 }",
      deployment:
        "{ model: llama-3.1-70b, precision: { weights: fp8, activations: fp8 }, "
        + "engine: { framework: sglang }, parallel: { tensor: 2 }, replicas: 1 }",
      lengths: documents, maximumOutput: 300),
    Configuration(
      name: "mi300x-70b-vllm", site: "{ system: mi300x, accelerators: 1 }",
      deployment:
        "{ model: llama-3.1-70b, precision: { weights: fp8, activations: fp8 }, engine: { framework: vllm } }",
      lengths: benchmark, maximumOutput: 1024),
    Configuration(
      name: "b200-deepseek-trt", site: "{ system: b200-sxm, nodes: 1 }",
      deployment:
        "{ model: deepseek-r1, precision: { weights: nvfp4, activations: nvfp4, kv_cache: fp8 }, "
        + "engine: { framework: tensorrt-llm, max_batch_size: 256, max_num_tokens: 8192, max_seq_len: 4096 }, "
        + "parallel: { tensor: 8, expert: 8 }, replicas: 1 }",
      lengths: benchmark, maximumOutput: 1024),
    Configuration(
      name: "gb200-deepseek-trt-groups", site: "{ system: gb200-nvl72, accelerators: 8 }",
      deployment:
        "{ model: deepseek-r1, precision: { weights: nvfp4, activations: nvfp4, attention: bf16, kv_cache: fp8 }, "
        + "engine: { framework: tensorrt-llm, max_batch_size: 64, max_batch_tokens: 8192, max_context_tokens: 2560 }, "
        + "parallel: { expert: 8, attention_data: 8 }, replicas: 1 }",
      lengths: benchmark, maximumOutput: 1024),
    Configuration(
      name: "h200-deepseek-sglang-drafts", site: "{ system: h200-sxm, accelerators: 8 }",
      deployment:
        "{ model: deepseek-r1, precision: { weights: fp8, activations: fp8 }, engine: { framework: sglang, "
        + "max_batch_size: 128, speculation: { draft_tokens: 3, acceptance_length: 2.3 } }, "
        + "parallel: { tensor: 8 }, replicas: 1 }",
      lengths: chat, maximumOutput: 2000),
    Configuration(
      name: "h200-70b-vllm-pools", site: "{ system: h200-sxm, accelerators: 16 }",
      deployment:
        "{ model: llama-3.1-70b, precision: { weights: fp8, activations: fp8 }, engine: { framework: vllm, "
        + "max_num_seqs: 128 }, pools: [{ role: prefill, replicas: 2, parallel: { tensor: 4 }, "
        + "router: { policy: least-tokens } }, { role: decode, replicas: 2, parallel: { tensor: 4 }, "
        + "router: { policy: least-outstanding } }] }",
      lengths: documents, maximumOutput: 300),
    Configuration(
      name: "gb200-deepseek-trt-pools", site: "{ system: gb200-nvl72, accelerators: 24 }",
      deployment:
        "{ model: deepseek-r1, precision: { weights: nvfp4, activations: nvfp4, attention: bf16, kv_cache: fp8 }, "
        + "pools: [{ role: prefill, replicas: 2, parallel: { expert: 4, attention_data: 4 }, engine: { "
        + "framework: tensorrt-llm, max_batch_size: 256, max_batch_tokens: 8448, max_context_tokens: 8448 } }, "
        + "{ role: decode, replicas: 1, parallel: { expert: 16, attention_data: 16 }, engine: { "
        + "framework: tensorrt-llm, max_batch_size: 32, max_batch_tokens: 32, max_context_tokens: 8448 } }] }",
      lengths: benchmark, maximumOutput: 1024),
    // The formulas were settled on the configurations above. Of those that follow only the one with SGLang on Qwen3 led to
    // a change, in how prompts of equally long answers share steps.
    Configuration(
      name: "a100-8b-trt", site: "{ system: a100-sxm, accelerators: 2 }",
      deployment:
        "{ model: llama-3.1-8b, replicas: 2, router: { policy: random }, "
        + "engine: { framework: tensorrt-llm, max_batch_size: 96, max_num_tokens: 4096 } }",
      lengths:
        "{ input: { gamma: { mean: 700, coefficient_of_variation: 0.6, max: 4000 } }, "
        + "output: { gamma: { mean: 200, coefficient_of_variation: 1, max: 1500 } } }", maximumOutput: 1500),
    Configuration(
      name: "mi355x-gpt-oss-vllm", site: "{ system: mi355x, accelerators: 1 }",
      deployment: "{ model: gpt-oss-120b, engine: { framework: vllm, max_num_seqs: 256 } }",
      lengths: "{ input: 3000, output: { uniform: { min: 200, max: 1200 } } }", maximumOutput: 1200),
    Configuration(
      name: "h200-qwen3-235b-sglang", site: "{ system: h200-sxm, accelerators: 8 }",
      deployment:
        "{ model: qwen3-235b-a22b, engine: { framework: sglang, max_batch_size: 96 }, "
        + "parallel: { tensor: 8, expert: 8 }, replicas: 1 }",
      lengths: "{ input: { uniform: { min: 200, max: 2000 } }, output: 800 }", maximumOutput: 800),
    Configuration(
      name: "b200-70b-trt-8-replicas", site: "{ system: b200-sxm, nodes: 1 }",
      deployment:
        "{ model: llama-3.3-70b, precision: { weights: nvfp4, activations: nvfp4, kv_cache: fp8 }, replicas: 8, "
        + "router: { policy: power-of-two }, engine: { framework: tensorrt-llm, max_batch_size: 64 } }",
      lengths: chat, maximumOutput: 2000),
    Configuration(
      name: "h100-qwen3-32b-vllm-long", site: "{ system: h100-sxm, accelerators: 2 }",
      deployment:
        "{ model: qwen3-32b, engine: { framework: vllm, max_num_seqs: 64, max_num_batched_tokens: 4096 }, "
        + "parallel: { tensor: 2 }, replicas: 1 }",
      lengths:
        "{ input: 500, output: { lognormal: { mean: 1500, coefficient_of_variation: 1, max: 8000 } } }",
      maximumOutput: 8000),
    Configuration(
      name: "h200-70b-sglang-pools", site: "{ system: h200-sxm, accelerators: 8 }",
      deployment:
        "{ model: llama-3.1-70b, precision: { weights: fp8, activations: fp8 }, engine: { framework: sglang, "
        + "max_batch_size: 96 }, pools: [{ role: prefill, replicas: 1, parallel: { tensor: 4 } }, "
        + "{ role: decode, replicas: 1, parallel: { tensor: 4 } }] }",
      lengths: "{ input: { uniform: { min: 500, max: 3000 } }, output: { uniform: { min: 100, max: 900 } } }",
      maximumOutput: 900),
  ]

  /// A configuration as a scenario whose one stream is offline and not yet sized.
  static func scenario(
    _ configuration: Configuration, with catalogue: ScenarioCatalogue
  ) throws(Problems) -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: \(configuration.name)
      site: \(configuration.site)
      deployments: [\(configuration.deployment)]
      workload:
        - arrivals: { process: offline, requests: 100 }
          lengths: \(configuration.lengths)
          max_output_tokens: \(configuration.maximumOutput)
      run: { seed: 1 }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: configuration.name))
    return try file.resolve(with: catalogue)
  }
}
