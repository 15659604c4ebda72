/// How many requests runs of ML.ENERGY's benchmark send: those of the data set, again and again for larger batches.
///
/// Source: repository ml-energy/benchmark, `configs/vllm/<task>/benchmark.yaml` and
/// `configs/vllm/<task>/<model>/<accelerator>/sweeps.yaml` (`num_requests`, `num_request_repeats`).
enum EnergyCampaign {
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
    case ("gpqa", true, _): [(128, 1), (256, 2), (384, 3), (512, 4), (768, 5), (1024, 6), (1536, 9), (2048, 12)]
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
