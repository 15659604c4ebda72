import CostModel
import Documents
import GRDB
import Models

/// Reads measured kernels from the store that `make measurements` builds.
struct KernelStore {
  private let queue: DatabaseQueue
  /// What kernels must meet beside what each family asks for, and what is read of them.
  private let condition: String
  private let telemetry: String

  /// Kernels whose board power was measured and lasted long enough for the reading to follow: shorter ones lag.
  static let shortestPoweredSeconds = 1e-3

  /// Opens a store for reading.
  ///
  /// - Parameters:
  ///   - path: the store.
  ///   - powered: whether only kernels count whose board power is known, which lasted ``shortestPoweredSeconds`` or more.
  /// - Throws: a problem of a file that is missing or no store.
  init(path: String, powered: Bool = false) throws(Problems) {
    condition =
      powered
      ? " AND power_watts IS NOT NULL AND power_watts > 0 AND latency_seconds >= \(Self.shortestPoweredSeconds)"
      : ""
    telemetry = powered ? ", power_watts AS watts" : ""
    do {
      var configuration = Configuration()
      configuration.readonly = true
      queue = try DatabaseQueue(path: path, configuration: configuration)
      let found = try queue.read { try $0.tableExists("gemm_series") }
      guard found else { throw Problem(file: path, message: "is not a measurement store") }
    } catch let problem as Problem {
      throw Problems(problem)
    } catch {
      throw Problems(
        Problem(
          file: path, message: "can't be read: \(error)",
          hint: "make measurements builds a store from published measurements"))
    }
  }

  /// Groups of kernels that lie in tables of their own.
  enum Family: CaseIterable {
    case gemm, experts, decodeAttention, prefillAttention, latentDecode, latentPrefill, allReduce
  }

  /// Every kernel that a calibration can use.
  func rows() throws(Problems) -> [KernelRow] {
    var rows: [KernelRow] = []
    for family in Family.allCases { rows += try self.rows(family) }
    return rows
  }

  /// The kernels of a family that a calibration can use.
  ///
  /// Where a framework came to run others, those of its earlier versions come beside the fastest of all.
  func rows(_ family: Family) throws(Problems) -> [KernelRow] {
    do {
      return try queue.read { database in
        switch family {
        case .gemm: try gemm(database)
        case .experts:
          // What a kernel draws is known of the newest alone.
          try experts(database)
            + (telemetry.isEmpty ? Self.expertTables.flatMap { try experts(database, from: $0) } : [])
        case .decodeAttention: try decodeAttention(database)
        case .prefillAttention: try prefillAttention(database)
        case .latentDecode: try latentDecode(database)
        case .latentPrefill: try latentPrefill(database)
        case .allReduce: try allReduce(database)
        }
      }
    } catch {
      throw Problems(Problem(file: queue.path, message: "can't be read: \(error)"))
    }
  }

  private func map(_ database: Database, _ sql: String, _ row: (Row) -> KernelRow?) throws -> [KernelRow] {
    var rows: [KernelRow] = []
    let cursor = try Row.fetchCursor(database, sql: sql)
    while let next = try cursor.next() {
      if var found = row(next), found.seconds > 0, found.work.hasShape {
        if !telemetry.isEmpty { found.watts = next["watts"] }
        rows.append(found)
      }
    }
    return rows
  }

  /// Dense products, the fastest of all frameworks and versions: slower ones are host-bound or badly chosen.
  private func gemm(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, dtype, m, n, k, MIN(latency_seconds) AS seconds\(telemetry) FROM gemm
      WHERE n >= 256 AND k >= 256 AND n <= 65536 AND k <= 32768 AND m <= 16384\(condition)
      GROUP BY system, dtype, m, n, k ORDER BY system, dtype, m, n, k
      """
    ) {
      guard let formats = StoreFormat.pair($0["dtype"]) else { return nil }
      return KernelRow(
        operation: OperatorClass.gemm.rawValue, system: $0["system"], framework: nil,
        work: .gemm(
          m: $0["m"], n: $0["n"], k: $0["k"], weights: formats.weights, activations: formats.activations),
        seconds: $0["seconds"])
    }
  }

  /// The tables that hold what earlier versions of a framework ran experts with.
  private struct Tables {
    let framework: String
    let era: KernelEra
    /// Which rows those are.
    let condition: String
  }

  /// vLLM ran experts in Triton before kernels of FlashInfer took their place.
  ///
  /// From about 0.15 on it did so with better tiles for large batches. Tables up to 0.14 that hold a part of the experts
  /// put all choices of a token on that part, a load that no replica has: those of the next versions, of the same kernel,
  /// stand in for them. Kernels for 4-bit weights stay out: runs of 0.11 to 0.19 agree better with the fastest.
  private static let expertTables = [
    Tables(
      framework: "vllm", era: KernelEra(version: "0.14", before: "0.15"),
      condition: """
        (expert_parallel = 1 AND framework_version LIKE '0.14%'
          OR expert_parallel > 1 AND (framework_version LIKE '0.18%' OR framework_version LIKE '0.19%'))
        """),
    Tables(
      framework: "vllm", era: KernelEra(version: "0.19", before: "0.20"),
      condition: "(framework_version LIKE '0.18%' OR framework_version LIKE '0.19%')"),
  ]

  private func experts(_ database: Database, from tables: Tables? = nil) throws -> [KernelRow] {
    let own =
      tables.map {
        " AND framework = '\($0.framework)' AND dtype IN ('bf16', 'fp8', 'fp8_block') AND \($0.condition)"
      } ?? ""
    return try map(
      database,
      """
      SELECT system, framework, dtype, hidden, intermediate, top_k, experts, tensor_parallel, expert_parallel,
        num_tokens, MIN(latency_seconds) AS seconds\(telemetry) FROM moe
      WHERE variant = 'fused' AND distribution = 'power_law_1.2' AND kernel NOT LIKE '%nongated%'\(own)\(condition)
      GROUP BY system, framework, dtype, hidden, intermediate, top_k, experts, tensor_parallel, expert_parallel,
        num_tokens
      ORDER BY system, framework, dtype, hidden, intermediate, top_k, experts, tensor_parallel, expert_parallel,
        num_tokens
      """
    ) {
      guard let formats = StoreFormat.pair($0["dtype"]) else { return nil }
      let experts: Double = $0["experts"]
      let inner: Double = $0["intermediate"]
      return KernelRow(
        operation: OperatorClass.experts.rawValue, system: $0["system"], framework: $0["framework"],
        era: tables?.era,
        work: .experts(
          tokens: $0["num_tokens"], experts: experts, held: experts / $0["expert_parallel"],
          perToken: $0["top_k"], width: $0["hidden"], inner: inner / $0["tensor_parallel"], matrices: 3,
          weights: formats.weights, activations: formats.activations, slices: $0["tensor_parallel"]),
        seconds: $0["seconds"])
    }
  }

  private func decodeAttention(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, window_tokens, batch,
        context_tokens, MIN(latency_seconds) AS seconds\(telemetry) FROM decode_attention
      WHERE head_dimension IN (64, 128, 256) AND kv_heads <= 16\(condition)
      GROUP BY system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, window_tokens, batch,
        context_tokens
      ORDER BY system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, window_tokens, batch,
        context_tokens
      """
    ) {
      guard let cache = StoreFormat.cache($0["kv_cache_dtype"]) else { return nil }
      let window: Double = $0["window_tokens"]
      let context: Double = $0["context_tokens"]
      let heads: Double = $0["query_heads"]
      let cached: Double = $0["kv_heads"]
      let width: Double = $0["head_dimension"]
      return KernelRow(
        operation: OperatorClass.decodeAttention.rawValue, system: $0["system"], framework: $0["framework"],
        work: .decodeAttention(
          sequences: $0["batch"], context: window > 0 ? min(window, context) : context,
          flopsPerPair: 4 * heads * width, bytesPerToken: 2 * cached * width * cache.bytesPerElement,
          queryBytes: 4 * heads * width, heads: cached,
          format: KernelFormat.attention(latent: false, cache: cache),
          family: KernelFormat.heads(group: heads / cached, width: width, isBounded: window > 0)),
        seconds: $0["seconds"])
    }
  }

  private func prefillAttention(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, batch, new_tokens,
        MIN(latency_seconds) AS seconds\(telemetry) FROM prefill_attention
      WHERE head_dimension IN (64, 128, 256) AND kv_heads <= 16 AND window_tokens = 0 AND past_tokens = 0
        AND new_tokens >= 16\(condition)
      GROUP BY system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, batch, new_tokens
      ORDER BY system, framework, kv_cache_dtype, query_heads, kv_heads, head_dimension, batch, new_tokens
      """
    ) {
      guard let cache = StoreFormat.cache($0["kv_cache_dtype"]) else { return nil }
      let heads: Double = $0["query_heads"]
      let width: Double = $0["head_dimension"]
      return prefill(
        $0, heads: heads, flopsPerPair: 4 * heads * width, latent: false, cache: cache,
        family: KernelFormat.heads(group: heads / $0["kv_heads"], width: width, isBounded: false))
    }
  }

  private func prefill(
    _ row: Row, heads: Double, flopsPerPair: Double, latent: Bool, cache: DataType, family: String = ""
  ) -> KernelRow {
    let tokens: Double = row["new_tokens"]
    return KernelRow(
      operation: OperatorClass.prefillAttention.rawValue, system: row["system"], framework: row["framework"],
      work: .prefillAttention(
        pairs: tokens * (tokens + 1) / 2, prompts: row["batch"], flopsPerPair: flopsPerPair, heads: heads,
        format: KernelFormat.attention(latent: latent, cache: cache), family: family),
      seconds: row["seconds"])
  }

  /// Latent attention as DeepSeek-V3 shapes it: rank 512, rotary 64, heads of 128 + 64 and 128.
  private func latentDecode(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, framework, kv_cache_dtype, heads, batch, context_tokens, MIN(latency_seconds) AS seconds\(telemetry)
      FROM mla_decode WHERE scope = 'kernel'\(condition)
      GROUP BY system, framework, kv_cache_dtype, heads, batch, context_tokens
      ORDER BY system, framework, kv_cache_dtype, heads, batch, context_tokens
      """
    ) {
      guard let cache = StoreFormat.cache($0["kv_cache_dtype"]) else { return nil }
      let heads: Double = $0["heads"]
      return KernelRow(
        operation: OperatorClass.decodeAttention.rawValue, system: $0["system"], framework: $0["framework"],
        work: .decodeAttention(
          sequences: $0["batch"], context: $0["context_tokens"], flopsPerPair: 2 * heads * (2 * 512 + 64),
          bytesPerToken: 576 * cache.bytesPerElement, queryBytes: 4 * heads * 576, heads: 1,
          format: KernelFormat.attention(latent: true, cache: cache)),
        seconds: $0["seconds"])
    }
  }

  private func latentPrefill(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, framework, kv_cache_dtype, heads, batch, new_tokens, MIN(latency_seconds) AS seconds\(telemetry)
      FROM mla_prefill WHERE scope = 'kernel' AND past_tokens = 0 AND new_tokens >= 16\(condition)
      GROUP BY system, framework, kv_cache_dtype, heads, batch, new_tokens
      ORDER BY system, framework, kv_cache_dtype, heads, batch, new_tokens
      """
    ) {
      guard let cache = StoreFormat.cache($0["kv_cache_dtype"]) else { return nil }
      let heads: Double = $0["heads"]
      return prefill($0, heads: heads, flopsPerPair: 2 * heads * 320, latent: true, cache: cache)
    }
  }

  /// All-reduces as frameworks run them inside captured graphs: eager ones include the host's launch.
  private func allReduce(_ database: Database) throws -> [KernelRow] {
    try map(
      database,
      """
      SELECT system, framework, accelerators, message_bytes, MIN(latency_seconds) AS seconds\(telemetry) FROM collectives
      WHERE operation = 'all_reduce' AND framework <> 'nccl' AND accelerators > 1\(condition)
      GROUP BY system, framework, accelerators, message_bytes
      ORDER BY system, framework, accelerators, message_bytes
      """
    ) {
      var row = KernelRow(
        operation: "all_reduce", system: $0["system"], framework: $0["framework"], work: .exchange,
        seconds: $0["seconds"])
      row.bytes = $0["message_bytes"]
      row.accelerators = $0["accelerators"]
      return row
    }
  }
}
