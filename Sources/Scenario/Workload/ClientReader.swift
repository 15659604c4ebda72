import Documents
import Quantities
import Simulation
import Workload

/// Who sends the requests of a stream, and how patient they are, as stated.
struct ClientDraft {
  /// Answers to each prompt.
  var samples = 1
  var samplesField: Field?
  var serviceClass: String?
  var priority = 0
  var thinking: DistributionDraft?
  var thinkingField: Field?
  var firstTokenTimeout: Double?
  var timeout: Double?
  var leavingShare = 0.0
  var leavingMeanSeconds = 1.0
  var tenantField: Field?
  var deferral: Deferral?
  /// The adapters that requests are for; nil: they are for the model itself.
  var adapters: AdaptersDraft?

  /// When its clients go away; nil: never.
  func patience(seed: UInt64, name: String) -> Patience? {
    guard firstTokenTimeout != nil || timeout != nil || leavingShare > 0 else { return nil }
    return Patience(
      firstTokenSeconds: firstTokenTimeout, totalSeconds: timeout, leavingShare: leavingShare,
      leavingMeanSeconds: leavingMeanSeconds, seed: seed, name: name)
  }

  var echo: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    if samples > 1 { members.append(("samples", .int(samples))) }
    if let adapters { members.append(("adapters", adapters.echo)) }
    if let serviceClass { members.append(("class", .string(serviceClass))) }
    if priority != 0 { members.append(("priority", .int(priority))) }
    if let tenant = tenantField?.node?.scalar?.text { members.append(("tenant", .string(tenant))) }
    if firstTokenTimeout != nil || timeout != nil {
      members.append(
        (
          "timeout_seconds",
          .object([("first_token", .optional(firstTokenTimeout)), ("total", .optional(timeout))])
        ))
    }
    if leavingShare > 0 {
      members.append(
        (
          "cancellations",
          .object([("share", .double(leavingShare)), ("mean_seconds", .double(leavingMeanSeconds))])
        ))
    }
    if let deferral {
      members.append(
        (
          "deferrable",
          .object([("below", .double(deferral.below)), ("within_seconds", .optional(deferral.withinSeconds))])
        ))
    }
    return members
  }
}

/// Reads what a workload states of its clients.
struct ClientReader {
  let lengths: LengthsReader
  private static let times = Seconds(si: 1e-6)...Seconds(si: 1e7)

  func read(_ reader: inout MappingReader) -> ClientDraft {
    var draft = ClientDraft()
    let samples = reader.optional("samples")
    draft.samplesField = samples.isPresent ? samples : nil
    draft.samples = samples.int(in: 1...1024) ?? 1
    draft.adapters = AdaptersDraft(reader.optional("adapters"))
    draft.serviceClass = reader.optional("class").string()
    draft.priority = reader.optional("priority").int(in: -32_768...32_767) ?? 0
    let thinking = reader.optional("thinking_tokens")
    if thinking.isPresent {
      draft.thinkingField = thinking
      draft.thinking = lengths.distribution(thinking)
    }
    let timeout = reader.optional("timeout")
    if timeout.isPresent, var limits = timeout.mapping() {
      draft.firstTokenTimeout = limits.optional("first_token").quantity(Seconds.self, in: Self.times)?.si
      draft.timeout = limits.optional("total").quantity(Seconds.self, in: Self.times)?.si
      limits.finish()
    }
    let leaving = reader.optional("cancellations")
    if leaving.isPresent, var rule = leaving.mapping() {
      draft.leavingShare = rule.required("share").share() ?? 0
      draft.leavingMeanSeconds = rule.required("after").quantity(Seconds.self, in: Self.times)?.si ?? 1
      rule.finish()
    }
    let tenant = reader.optional("tenant")
    draft.tenantField = tenant.isPresent ? tenant : nil
    let deferrable = reader.optional("deferrable")
    if deferrable.isPresent, var rule = deferrable.mapping() {
      let below = rule.required("below").quantity(Ratio.self, in: Ratio(si: 0.001)...Ratio(si: 1000))
      let within = rule.optional("within").quantity(Seconds.self, in: Self.times)
      rule.finish()
      draft.deferral = below.map { Deferral(below: $0.si, withinSeconds: within?.si) }
    }
    return draft
  }
}

/// What the router of a deployment lets in, as stated.
struct AdmissionDraft {
  var tenants: [Tenant] = []
  var shedding: [Shedding] = []

  var echo: JSONValue {
    .object([
      (
        "tenants",
        .array(
          tenants.map {
            .object([
              ("name", .string($0.name)), ("requests_per_second", .optional($0.requestsPerSecond)),
              ("input_tokens_per_second", .optional($0.inputTokensPerSecond)),
              ("burst_seconds", .double($0.burstSeconds)), ("excess", .string($0.excess.rawValue)),
            ])
          })
      ),
      (
        "shed",
        .array(
          shedding.map { .object([("priority", .int($0.priority)), ("above", .double($0.above))]) })
      ),
    ])
  }
}

/// Reads `admission:` of a deployment.
struct AdmissionReader {
  /// The rules; nil where none are stated.
  func read(_ field: Field) -> AdmissionDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = AdmissionDraft()
    for element in reader.optional("tenants").list() ?? [] {
      guard let (tenant, name) = tenant(element) else { continue }
      if draft.tenants.contains(where: { $0.name == tenant.name }) {
        name.reject("two tenants have this name")
      } else {
        draft.tenants.append(tenant)
      }
    }
    draft.shedding = reader.optional("shed").list(shedding) ?? []
    reader.finish()
    return draft
  }

  private func tenant(_ element: Field) -> (Tenant, Field)? {
    guard var reader = element.elementMapping() else { return nil }
    let positive = PerSecond(si: 0)
    let nameField = reader.required("name")
    let name = nameField.string()
    let requests = reader.optional("requests").quantity(PerSecond.self, above: positive)
    let tokens = reader.optional("input_tokens").quantity(PerSecond.self, above: positive)
    let burst = reader.optional("burst").quantity(
      Seconds.self, in: Seconds(si: 1e-3)...Seconds(si: 1e6))
    let excess = reader.optional("excess").choice(Tenant.Excess.self)
    reader.finish()
    guard let name else { return nil }
    return (
      Tenant(
        name: name, requestsPerSecond: requests?.si, inputTokensPerSecond: tokens?.si,
        burstSeconds: burst?.si ?? 60, excess: excess ?? .reject), nameField
    )
  }

  private func shedding(_ element: Field) -> Shedding? {
    guard var reader = element.elementMapping() else { return nil }
    let priority = reader.required("priority").int(in: -32_768...32_767)
    let above = reader.required("above").quantity(Ratio.self, in: Ratio(si: 0.001)...Ratio(si: 1000))
    reader.finish()
    guard let priority, let above else { return nil }
    return Shedding(priority: priority, above: above.si)
  }
}

extension ScenarioResolver {
  /// Tenants of streams must be tenants of the deployment that serves them; their positions there.
  func tenants(_ streams: [StreamDraft], _ admission: AdmissionDraft?) -> [Int?] {
    let names = admission?.tenants.map(\.name) ?? []
    return streams.map { stream in
      guard let field = stream.client.tenantField else { return nil }
      guard !names.isEmpty else {
        field.refuse("the deployment has no tenants", hint: "name it under admission.tenants")
        return nil
      }
      return field.choice(names).flatMap { names.firstIndex(of: $0) }
    }
  }
}
