import Workload

/// What runs of ML.ENERGY's benchmark send: the requests of a data set, again and again for larger batches.
///
/// Source: repository ml-energy/benchmark, `configs/vllm/<task>/benchmark.yaml` and
/// `configs/vllm/<task>/<model>/<accelerator>/sweeps.yaml` (`num_requests`, `num_request_repeats`).
enum EnergyCampaign {
  /// The task whose requests are turns of conversations.
  static let conversations = "lm-arena-chat"

  /// What was said before a turn of LMArena's conversations (`lmarena-ai/arena-human-preference-100k`).
  ///
  /// The campaign's client makes a request of every turn, its prompt all turns before with the data set's answers
  /// (mlenergy/llm/datasets.py), and vLLM keeps prefixes: most of a prompt was computed for the turn before. Neither
  /// length is published. Of 50 to 300 new tokens with 0 to 1000 of history, one of 1, 256 or 512, 150 and 400 agree as well as
  /// any, in a flat optimum: errors of TPOT, median gap, throughput and J/token of 91 runs of the fit half are 5.9, 5.8, 5.2 and 3.7 %;
  /// 6.4, 7.8, 6.2 and 4.4 % with 300 new tokens and no history.
  static let history = SystemPrompts(tokens: 400, count: 256, seed: 1, name: "mlenergy.history")

  /// How often the data set is sent, by the largest batch for which it is.
  private typealias Sweep = [(batch: Int, repeats: Int)]

  /// Requests of a run.
  ///
  /// - Parameters:
  ///   - task: what the model is asked: `gpqa`.
  ///   - model: the model's name without its maker: `Qwen3-8B`.
  ///   - system: the accelerator by its catalogue id.
  ///   - batch: the largest batch that the engine may run.
  /// - Returns: requests, all sent at once; at least twice those that run at once where the campaign says nothing.
  static func requests(task: String, model: String, system: String, batch: Int) -> Int {
    let size = task == "gpqa" ? 198 : 1024
    let repeats = sweep(task, model, isHopper: system == "h100-sxm").first { batch <= $0.batch }?.repeats
    return size * (repeats ?? (2 * batch + size - 1) / size)
  }

  private static func sweep(_ task: String, _ model: String, isHopper: Bool) -> Sweep {
    switch (task, isHopper, model) {
    case ("gpqa", true, _):
      [(128, 1), (256, 2), (384, 3), (512, 4), (768, 5), (1024, 6), (1536, 9), (2048, 12)]
    case ("gpqa", false, _):
      [(128, 1), (256, 2), (512, 3), (768, 4), (1024, 6), (1536, 9), (2048, 12), (3072, 18), (4096, 24)]
    case ("lm-arena-chat", true, "Llama-3.1-8B-Instruct"): [(192, 1), (512, 2), (1024, 3)]
    case ("lm-arena-chat", true, "Qwen3-30B-A3B-Instruct-2507"): [(192, 1), (1024, 2), (1536, 3)]
    case ("lm-arena-chat", true, _): [(512, 1), (1024, 2), (1536, 3)]
    case ("lm-arena-chat", false, "Llama-3.1-8B-Instruct"):
      [(64, 1), (256, 2), (512, 3), (1024, 4), (2048, 8), (4096, 16)]
    case ("lm-arena-chat", false, "Qwen3-8B"): [(128, 1), (512, 2), (1536, 4), (2048, 6)]
    case ("lm-arena-chat", false, "Qwen3-14B"): [(256, 1), (1024, 2), (2048, 3), (4096, 7)]
    case ("lm-arena-chat", false, "Qwen3-32B"): [(192, 1), (512, 2)]
    case ("lm-arena-chat", false, "Qwen3-30B-A3B-Instruct-2507"): [(192, 1), (1024, 2), (1536, 3)]
    case ("lm-arena-chat", false, _): [(512, 1), (1024, 2), (2048, 3), (3072, 4), (4096, 6)]
    case ("sourcegraph-fim", _, "Qwen3-Coder-480B-A35B-Instruct"): [(256, 1), (512, 2), (1024, 4), (1536, 6)]
    case ("sourcegraph-fim", _, _): [(512, 1), (768, 2), (1024, 3), (2048, 4)]
    default: []
    }
  }
}
