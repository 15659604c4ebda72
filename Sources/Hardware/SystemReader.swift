import Documents
import Quantities

/// Reads one system from its mapping; collects problems and figures on the way.
struct SystemReader {
  let problems: ProblemCollector
  /// Whether every figure must name its source, as the catalogue's own must; a scenario's need not.
  let needsSources: Bool
  var figures: [Figure] = []

  init(problems: ProblemCollector, needsSources: Bool) {
    self.problems = problems
    self.needsSources = needsSources
  }

  /// A system under the given id; nil, with the reasons recorded, where anything is wrong.
  mutating func read(_ node: Node, id: String) -> SystemSpecification? {
    let before = problems.problems.count
    var reader = MappingReader(node, problems: problems)
    let stated = reader.optional("id")
    if let text = stated.string(), text != id {
      stated.reject("the id must be '\(id)', the name of its file or entry")
    }
    let name = reader.optional("name").string() ?? id
    let vendor = reader.optional("vendor").string() ?? ""
    let architecture = reader.required("architecture").string()
    let status = reader.optional("status").string() ?? "hypothetical"
    let accelerator = reader.required("accelerator").mapping().flatMap { readAccelerator($0) }
    let scaleUp = reader.required("scale_up").mapping().flatMap { readScaleUp($0) }
    let scaleOut = reader.required("scale_out").mapping().flatMap { readScaleOut($0) }
    let hostLink = reader.optional("host_link").mapping().flatMap { readHostLink($0) }
    let nodeField = reader.required("node")
    let nodeSpecification = nodeField.mapping().flatMap { readNode($0) }
    let rackField = reader.required("rack")
    let rack = rackField.mapping().flatMap { readRack($0) }
    let cost = reader.optional("cost").mapping().map { readCost($0) } ?? CostSpecification()
    reader.finish()
    if let perNode = nodeSpecification?.accelerators, let perRack = rack?.accelerators, perNode > perRack {
      rackField.mapping()?.node["accelerators"].map { Field($0, problems: problems) }?
        .reject("a rack holds at least the \(perNode) accelerators of one node")
    }
    guard problems.problems.count == before, let architecture, let accelerator, let scaleUp, let scaleOut,
      let nodeSpecification, let rack
    else { return nil }
    return SystemSpecification(
      id: id, name: name, vendor: vendor, architecture: Architecture(architecture), status: status,
      accelerator: accelerator, scaleUp: scaleUp, scaleOut: scaleOut, hostLink: hostLink,
      node: nodeSpecification,
      rack: rack, cost: cost, figures: figures)
  }

  private mutating func readAccelerator(_ mapping: MappingReader) -> AcceleratorSpecification? {
    var section = mapping
    let memory = leaf("accelerator", "memory", &section, required: true).quantity(Bytes.self, above: .zero)
    let memoryType = leaf("accelerator", "memory_type", &section).string()
    let bandwidth = leaf("accelerator", "memory_bandwidth", &section, required: true)
      .quantity(BytesPerSecond.self, above: .zero)
    let peakRates = section.required("flops").mapping().flatMap { readPeakRates($0) }
    let computeUnits = leaf("accelerator", "compute_units", &section).int(in: 1...1_000_000)
    let l2Cache = leaf("accelerator", "l2_cache", &section).quantity(Bytes.self, above: .zero)
    let boostClock = leaf("accelerator", "boost_clock", &section).quantity(Hertz.self, above: .zero)
    let powerField = leaf("accelerator", "tdp", &section, required: true)
    let power = powerField.quantity(Watts.self, above: .zero)
    let idleField = leaf("accelerator", "idle_power", &section, required: true)
    let idle = idleField.quantity(Watts.self, above: .zero)
    section.finish()
    guard let memory, let bandwidth, let peakRates, let power, let idle else { return nil }
    guard idle < power else {
      // The value that the user wrote is the one to complain about, not the one it was merged over.
      if figure("accelerator.tdp", isOf: .scenario), !figure("accelerator.idle_power", isOf: .scenario) {
        powerField.reject("the power limit must be more than the idle power, \(idle)")
      } else {
        idleField.reject("the idle power must be less than the power limit (tdp), \(power)")
      }
      return nil
    }
    return AcceleratorSpecification(
      memory: memory, memoryType: memoryType, memoryBandwidth: bandwidth, peakRates: peakRates,
      computeUnits: computeUnits, l2Cache: l2Cache, boostClock: boostClock, thermalDesignPower: power,
      idlePower: idle)
  }

  private mutating func readPeakRates(_ mapping: MappingReader) -> PeakRates? {
    var section = mapping
    var rates: PeakRates?
    var others: [(ComputeType, FlopsPerSecond)] = []
    for type in ComputeType.allCases {
      let field = leaf("accelerator.flops", type.rawValue, &section, required: type == .bf16)
      guard let rate = field.quantity(FlopsPerSecond.self, above: .zero) else { continue }
      if type == .bf16 { rates = PeakRates(bf16: rate) } else { others.append((type, rate)) }
    }
    section.finish()
    for (type, rate) in others { rates?[type] = rate }
    return rates
  }

  private mutating func readScaleUp(_ mapping: MappingReader) -> ScaleUpFabric? {
    var section = mapping
    let technology = leaf("scale_up", "technology", &section).string()
    let bandwidth = leaf("scale_up", "bandwidth", &section, required: true).quantity(
      BytesPerSecond.self, above: .zero)
    let worldSize = leaf("scale_up", "world_size", &section, required: true).int(in: 1...1_000_000)
    let topology = leaf("scale_up", "topology", &section, required: true).choice(FabricTopology.self)
    let switchName = leaf("scale_up", "switch", &section).string()
    let latency = leaf("scale_up", "latency", &section).quantity(Seconds.self, above: .zero)
    let sums = leaf("scale_up", "in_network_reduction", &section)
    section.finish()
    let sumsInNetwork = sums.bool() ?? false
    guard let bandwidth, let worldSize, let topology else { return nil }
    if sumsInNetwork, topology != .switched {
      sums.reject(
        "no switch joins accelerators in a \(topology.rawValue)", allowed: "false, or topology: switched")
    }
    return ScaleUpFabric(
      technology: technology, bandwidth: bandwidth, worldSize: worldSize, topology: topology,
      switchName: switchName, latency: latency, sumsInNetwork: sumsInNetwork)
  }

  private mutating func readScaleOut(_ mapping: MappingReader) -> ScaleOutFabric? {
    var section = mapping
    let technology = leaf("scale_out", "technology", &section).string()
    let bandwidth = leaf("scale_out", "bandwidth", &section, required: true).quantity(
      BytesPerSecond.self, above: .zero)
    let nic = leaf("scale_out", "nic", &section).string()
    let topology = leaf("scale_out", "topology", &section).string()
    let latency = leaf("scale_out", "latency", &section).quantity(Seconds.self, above: .zero)
    let sumsInNetwork = leaf("scale_out", "in_network_reduction", &section).bool() ?? false
    section.finish()
    guard let bandwidth else { return nil }
    return ScaleOutFabric(
      technology: technology, bandwidth: bandwidth, nic: nic, topology: topology, latency: latency,
      sumsInNetwork: sumsInNetwork)
  }

  private mutating func readHostLink(_ mapping: MappingReader) -> HostLink? {
    var section = mapping
    let technology = leaf("host_link", "technology", &section).string()
    let bandwidth = leaf("host_link", "bandwidth", &section, required: true).quantity(
      BytesPerSecond.self, above: .zero)
    section.finish()
    return bandwidth.map { HostLink(technology: technology, bandwidth: $0) }
  }

  private mutating func readRack(_ mapping: MappingReader) -> RackSpecification? {
    var section = mapping
    let accelerators = leaf("rack", "accelerators", &section, required: true).int(in: 1...1_000_000)
    let power = leaf("rack", "power", &section, required: true).quantity(Watts.self, above: .zero)
    let cooling = leaf("rack", "cooling", &section).choice(Cooling.self)
    section.finish()
    guard let accelerators, let power else { return nil }
    return RackSpecification(accelerators: accelerators, power: power, cooling: cooling)
  }

  private mutating func readCost(_ mapping: MappingReader) -> CostSpecification {
    var section = mapping
    let perHour = leaf("cost", "dollars_per_accelerator_hour", &section).double(in: 0...1e6)
    let price = leaf("cost", "price_per_accelerator", &section).double(in: 0...1e9)
    let hyperscaler = leaf("cost", "hyperscaler_dollars_per_accelerator_hour", &section).double(in: 0...1e6)
    let rental = leaf("cost", "rental_dollars_per_accelerator_hour", &section).double(in: 0...1e6)
    section.finish()
    var cost = CostSpecification(
      perAcceleratorHour: perHour.map { DollarsPerHour(dollarsPerHour: $0) },
      pricePerAccelerator: price.map { Dollars(si: $0) })
    cost.hyperscalerPerHour = hyperscaler.map { DollarsPerHour(dollarsPerHour: $0) }
    cost.rentalPerHour = rental.map { DollarsPerHour(dollarsPerHour: $0) }
    return cost
  }

  private func figure(_ path: String, isOf confidence: Confidence) -> Bool {
    figures.contains { $0.path == path && $0.confidence == confidence }
  }

  /// The value of a figure, whose source goes to `figures`: `{ value: …, source: …, confidence: … }` or, in a
  /// scenario, the plain value.
  mutating func leaf(
    _ section: String, _ key: String, _ reader: inout MappingReader, required: Bool = false
  )
    -> Field
  {
    let field = required ? reader.required(key) : reader.optional(key)
    guard let node = field.node else { return field }
    let path = section + "." + key
    guard node.entries != nil else {
      if needsSources {
        field.reject("a figure of the catalogue is a mapping with value, source and confidence")
      }
      if let text = node.scalar?.text {
        figures.append(Figure(path: path, value: text, source: node.place, confidence: .scenario))
      }
      return field
    }
    var inner = MappingReader(node, problems: problems)
    let value = inner.required("value")
    let source = (needsSources ? inner.required("source") : inner.optional("source")).string()
    let confidence = (needsSources ? inner.required("confidence") : inner.optional("confidence"))
      .choice(Confidence.self)
    let note = inner.optional("note").string()
    inner.finish()
    if let text = value.node?.scalar?.text {
      figures.append(
        Figure(
          path: path, value: text, source: source ?? node.place, confidence: confidence ?? .scenario,
          note: note))
    }
    return value
  }
}
