import CostModel
import Hardware
import Models
import Simulation

/// What a measuring campaign did alike in all of its runs and states in none.
extension PointDraft {
  /// Prompts of the client: of 1, 100 (the default of AIPerf and GenAI-Perf), 200 and 400 the number with which runs of
  /// the fit half agree best (median error of TPOT 8, 8, 4 and 15 % once overheads are fitted).
  private static let clientPrompts = 200

  /// Tokens/s that ML.ENERGY's client and API servers pass on.
  private static let clientTokensPerSecond = 11_000.0

  /// Prompts that come again where the engine has a prefix cache.
  ///
  /// Runs of vLLM on H200 in the campaign of fixed lengths work through more prompt tokens than the accelerator can
  /// multiply: up to 1.0 of the FP8 peak if all were new (Llama 3.1 8B, 2000/100 tokens, 64 clients), where the same
  /// runs on H100 and of other frameworks reach 0.3 to 0.5. vLLM keeps prefixes unless told not to, and the client
  /// sends its prompts in turn.
  var repeatedPrompts: RepeatedPrompts? {
    guard framework == .vllm, point.source.contains("h200_sxm/vllm/"), point.lengths == "fixed" else {
      return nil
    }
    return RepeatedPrompts(distinct: Self.clientPrompts, blockTokens: engine.blockTokens)
  }

  /// Requests that run at once in a campaign whose engine holds one fewer than there are clients.
  ///
  /// In all 108 runs of the fit half of Llama 3.1 8B on H100 with TensorRT-LLM 1.0.0rc3 the mean time to first token is
  /// at least the time from request to last token divided by the clients: what it is when one of them always waits for
  /// a place. The runs of the same campaign with another model show nothing of the kind.
  private var placesBelowClients: Int? {
    guard framework == .tensorRTLLM, model.id == "llama-3.1-8b", point.lengths == "fixed",
      point.frameworkVersion == "1.0.0rc3", let clients = point.concurrency, clients > 1
    else { return nil }
    return Int(clients) - 1
  }

  /// How a campaign's requests ask for tokens to be drawn.
  ///
  /// ML.ENERGY's client asks for a temperature of 0.8 and `top_p` of 0.95 (repository ml-energy/benchmark, llm/benchmark.py),
  /// for which vLLM 0.11 sorts the vocabulary. Other campaigns' clients ask for the likeliest token or don't say.
  var sampler: Sampler { point.suite == "mlenergy" && framework == .vllm ? .sort : .greedy }

  /// Whether a campaign's configuration says that the next step is prepared during the last; nil: as the framework would.
  ///
  /// ML.ENERGY starts vLLM with `async-scheduling: true` (repository ml-energy/benchmark, configs/vllm/**/monolithic.config.yaml).
  var schedulesAhead: Bool? { point.suite == "mlenergy" && framework == .vllm ? true : nil }

  /// Whether a campaign's runs agree better with the fastest kernels than with those of their version.
  ///
  /// Those of ML.ENERGY don't: with the fastest, throughput of mixtures of the fit half is 27 and 39 % off
  /// (Qwen3-30B-A3B, DeepSeek-V3.1), with those of vLLM 0.11 12 and 21 %. InferenceX's do: with each version's kernels, 4-bit
  /// ones included, TPOT of vLLM is 3.7 % off instead of 3.0 (fit half). Others state nothing that tells.
  var hasFastestKernels: Bool { point.suite != "mlenergy" }

  /// The share of memory that vLLM is given: its default but in ML.ENERGY, whose client starts the server with
  /// `--gpu-memory-utilization 0.95` (repository ml-energy/benchmark, mlenergy/llm/benchmark.py).
  var vllmMemoryFraction: Double { point.suite == "mlenergy" ? 0.95 : 0.9 }

  /// What the host of a campaign takes for a step, whatever the accelerator does.
  ///
  /// ML.ENERGY's client is one process that reads a chunk for each token from one to eight API servers: no run of the fit
  /// half on one accelerator gets past 15,000 tokens/s, and most large batches settle at 8,000 to 12,000. 11,000 agree best
  /// (TPOT of 123 points of the fit half).
  ///
  /// In ML.ENERGY's runs of the task gpqa on one B200, 17 of the fit half, a token takes 32 to 47 ms of models of 3 to 32
  /// billion active parameters in batches of up to 127, as if all waited for the same host; 52 to 74 ms in batches of up to 459. The line
  /// through them is 35 ms and the same time for each sequence. The same models in the task lm-arena-chat on B200, in both tasks on
  /// H100, and those of several B200, take what accelerators take.
  var hostFloor: HostFloor? {
    guard point.suite == "mlenergy" else { return nil }
    let isSlow = point.source.hasSuffix("gpqa") && system.id == "b200-sxm" && point.accelerators == 1
    return HostFloor(seconds: isSlow ? 0.035 : 0, secondsPerSequence: 1 / Self.clientTokensPerSecond)
  }

  mutating func settleCampaign() {
    if let hostFloor {
      assume(
        "host",
        "\(hostFloor.seconds * 1e3) ms a step and \(hostFloor.secondsPerSequence * 1e3) ms a sequence",
        because: hostFloor.seconds > 0
          ? "the campaign's runs of this task take as long on one such accelerator whatever the model"
          : "the campaign's client reads no more tokens a second, whatever the accelerator")
    }
    if schedulesAhead != nil {
      assume("async_scheduling", "true", because: "the campaign's configuration says so")
    }
    if let places = placesBelowClients {
      engine.options.maximumBatchSize = min(engine.options.maximumBatchSize, places)
      assume(
        "max_batch_size", "\(engine.options.maximumBatchSize)",
        because: "the campaign's times to first token are those of clients of whom one always waits")
    }
    guard let repeatedPrompts else { return }
    assume(
      "prompts", "\(repeatedPrompts.distinct) that come again, found in the prefix cache",
      because: "the campaign's runs process more prompt tokens than the accelerator could multiply")
  }
}
