import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation
import Workload

/// Room for adapters as an engine states it.
struct LoRADraft {
  let field: Field
  /// Adapters on the accelerators at once.
  let slots: Int
  /// Their rank.
  let rank: Int
  /// From the host, of one accelerator; nil: that of the catalogue.
  let bandwidth: BytesPerSecond?

  /// The rank where a scenario doesn't say: vLLM's `max_lora_rank`.
  static let defaultRank = 16

  var design: AdapterDesign { AdapterDesign(rank: rank, slots: slots) }

  /// The bandwidth of one accelerator's way from the host; nil where the scenario and the catalogue don't say.
  func bandwidth(_ design: ReplicaDesign) -> BytesPerSecond? {
    bandwidth ?? design.system.hostLink?.bandwidth
  }

  /// What a replica has room for; nil where nobody knows the link.
  ///
  /// Each accelerator loads its own part over its own link.
  func resolved(_ design: ReplicaDesign) -> AdapterOptions? {
    bandwidth(design).map {
      AdapterOptions(slots: slots, secondsPerLoad: design.adapterBytesPerAccelerator / $0.si)
    }
  }

  func echo(_ design: ReplicaDesign) -> JSONValue {
    .object([
      ("max_loras", .int(slots)), ("rank", .int(rank)),
      ("modules", "attention projections, dense feed-forward layers, shared experts"),
      ("adapter_bytes", .double(design.adapterBytes)),
      ("resident_bytes_per_accelerator", .double(design.residentAdapterBytes)),
      ("bandwidth_bytes_per_second_per_accelerator", .optional(bandwidth(design)?.si)),
      ("seconds_per_load", .optional(resolved(design)?.secondsPerLoad)),
    ])
  }
}

/// The adapters of a stream as stated.
struct AdaptersDraft {
  let field: Field
  let count: Int
  let skew: Double

  var echo: JSONValue { .object([("count", .int(count)), ("skew", .double(skew))]) }

  /// Reads `adapters:` of a workload; nil where it isn't there, or no number is.
  init?(_ field: Field) {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let count = reader.required("count").int(in: 1...AdapterDraws.most)
    let skewField = reader.optional("skew")
    let skew = skewField.isPresent ? skewField.double(in: 0...10) : 1
    reader.finish()
    guard let count, let skew else { return nil }
    (self.field, self.count, self.skew) = (field, count, skew)
  }
}

extension EngineReader {
  /// Room for adapters, under this program's names or those of a framework.
  func lora(_ field: Field, _ framework: Framework?) -> LoRADraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let slots = option(&reader, "max_loras", framework == .sglang ? "max_loras_per_batch" : nil) {
      $0.int(in: 1...4096)
    }
    if slots.field == nil {
      field.reject("how many adapters a batch may hold is needed", allowed: "max_loras, 1 to 4096")
    }
    let rank = option(&reader, "rank", "max_lora_rank") { $0.int(in: 1...512) }
    let bandwidth = reader.optional("bandwidth").quantity(
      BytesPerSecond.self, above: BytesPerSecond(si: 0))
    reader.finish()
    return slots.value.map {
      LoRADraft(field: field, slots: $0, rank: rank.value ?? LoRADraft.defaultRank, bandwidth: bandwidth)
    }
  }
}

extension EngineDraft {
  /// Refuses what adapters don't go with.
  func checkAdapters(_ model: Model) {
    guard let lora else { return }
    if model.diffusion != nil { lora.field.refuse("\(model.id) makes images, which have no adapters here") }
    speculation.field?.reject("nothing is drafted for requests with adapters")
    for field in [batchWaitSteps.field, batchWaitShare.field] {
      field?.reject("prompts of requests with adapters are not held back")
    }
  }
}

extension ScenarioResolver {
  /// Streams with adapters need room for them, and room for adapters somebody who has some.
  func checkAdapters(_ draft: DeploymentDraft, _ streams: [StreamDraft], _ design: ReplicaDesign) {
    let adapted = streams.compactMap(\.client.adapters)
    guard let lora = draft.engine?.lora ?? draft.prefill?.engine?.lora else {
      for adapters in adapted {
        adapters.field.refuse(
          "the engine of the deployment has no room for adapters", hint: "state lora under its engine")
      }
      return
    }
    if draft.prefill != nil { return lora.field.refuse("pools don't serve adapters") }
    if design.parallel.attentionData > 1 {
      lora.field.refuse(
        "attention groups would have adapters of their own", allowed: "attention_data: 1")
    }
    if adapted.isEmpty {
      lora.field.refuse(
        "no stream of the deployment has adapters", hint: "state adapters in its workload, or leave lora out")
    }
    if lora.bandwidth(design) == nil {
      lora.field.refuse(
        "no bandwidth is stated, and the catalogue knows no link to the host of \(design.system.id)",
        allowed: "a bandwidth")
    }
  }
}

extension DesignedStream {
  /// Which adapter each request is for; turns of a conversation and samples of a prompt are for one.
  var adapterDraws: AdapterDraws? {
    draft.client.adapters.map {
      AdapterDraws(
        count: $0.count, skew: $0.skew,
        isOfGroups: draft.client.samples > 1 || draft.prompts.conversations != nil, seed: seed, name: name)
    }
  }
}

extension CacheArithmetic {
  /// What weights take of an accelerator, and the places of adapters beside them.
  var weights: String {
    "\(gigabytes(design.memory.weightBytes)) weights"
      + (design.adapters.map { " - \(gigabytes(design.residentAdapterBytes)) for \($0.slots) adapters" } ?? "")
  }
}
