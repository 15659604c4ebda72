import CostModel
import Documents
import Hardware
import Quantities
import Simulation
import Workload

/// A tier of a prefix cache as stated, for one accelerator.
struct CacheTierDraft {
  let name: String
  let capacity: Bytes
  /// Nil: that of the link to the host.
  let bandwidth: BytesPerSecond?
  let latency: Seconds
}

/// Reads `cache_tiers:` of an engine.
struct CacheTierReader {
  /// The tiers, nearest first.
  func read(_ field: Field) -> [CacheTierDraft] {
    guard field.isPresent else { return [] }
    return field.list { element -> CacheTierDraft? in
      guard var reader = element.elementMapping() else { return nil }
      let name = reader.required("name").string()
      let capacity = reader.required("capacity").quantity(Bytes.self, above: Bytes(si: 0))
      let bandwidth = reader.optional("bandwidth").quantity(BytesPerSecond.self, above: BytesPerSecond(si: 0))
      let latency = reader.optional("latency").quantity(
        Seconds.self, in: Seconds(si: 0)...Seconds(si: 3600))
      reader.finish()
      guard let name, let capacity else { return nil }
      return CacheTierDraft(
        name: name, capacity: capacity, bandwidth: bandwidth, latency: latency ?? Seconds(si: 0))
    } ?? []
  }
}

extension CacheTierDraft {
  /// The bandwidth of one accelerator's way to it; nil where the scenario and the catalogue don't say.
  func bandwidth(_ design: ReplicaDesign) -> BytesPerSecond? {
    bandwidth ?? design.system.hostLink?.bandwidth
  }

  /// The tier of one replica; nil where it holds not a block.
  ///
  /// Each accelerator keeps its own part of a block and fetches it over its own link; attention groups fetch theirs side
  /// by side.
  func resolved(_ design: ReplicaDesign, blockTokens: Int) -> CacheTier? {
    let blockBytes = design.memory.keyValueBytesPerToken * Double(blockTokens)
    let groups = design.parallel.attentionData
    let blocks = Int(min(capacity.si / blockBytes, 1e12)) * groups
    guard blockBytes > 0, blocks >= 1, let bandwidth = bandwidth(design) else { return nil }
    return CacheTier(
      name: name, blocks: blocks, secondsPerBlock: blockBytes / bandwidth.si / Double(groups),
      latencySeconds: latency.si)
  }

  func echo(_ design: ReplicaDesign) -> JSONValue {
    .object([
      ("name", .string(name)), ("capacity_bytes_per_accelerator", .double(capacity.si)),
      ("bandwidth_bytes_per_second_per_accelerator", .optional(bandwidth(design)?.si)),
      ("latency_seconds", .double(latency.si)),
    ])
  }
}
