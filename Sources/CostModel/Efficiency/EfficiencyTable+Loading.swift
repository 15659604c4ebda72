import Documents
import Foundation
import Models
import Quantities

extension EfficiencyTable {
  /// Reads the priors that ship with tokenmill and the calibration that takes their place where kernels were measured.
  ///
  /// - Parameter calibrated: whether the calibration is read.
  /// - Returns: the table.
  /// - Throws: every problem of the files.
  public static func load(calibrated: Bool = true) throws(Problems) -> EfficiencyTable {
    let folder = Bundle.module.bundleURL.appendingPathComponent("Priors")
    var table = try EfficiencyTable(
      document: try Document.read(path: folder.appendingPathComponent("priors.yaml").path))
    let kernels = folder.appendingPathComponent("kernels.json")
    if calibrated, let data = FileManager.default.contents(atPath: kernels.path) {
      table.calibration = try decode(Calibration.self, data, file: kernels.lastPathComponent)
    }
    let overheads = folder.appendingPathComponent("overheads.json")
    if calibrated, let data = FileManager.default.contents(atPath: overheads.path) {
      table.overheads = try decode(OverheadTable.self, data, file: overheads.lastPathComponent)
    }
    let intervals = folder.appendingPathComponent("intervals.json")
    if calibrated, let data = FileManager.default.contents(atPath: intervals.path) {
      table.intervals = try PredictionIntervals.decode(data, file: intervals.lastPathComponent)
    }
    return table
  }

  /// Reads a calibration file.
  public static func decode<Content: Decodable>(
    _ type: Content.Type, _ data: Data, file: String
  ) throws(Problems) -> Content {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw Problems(Problem(file: file, message: "is not a calibration file: \(error)"))
    }
  }

  /// Reads a table from a document of the form of `priors.yaml`; throws every problem in it.
  public init(document: Document) throws(Problems) {
    let problems = ProblemCollector()
    var root = MappingReader(document.root, problems: problems)
    _ = root.required("version").int(in: 1...1)
    gemm = [:]
    others = [:]
    if var operators = root.required("operators").mapping() {
      for operatorClass in OperatorClass.allCases {
        guard var reader = operators.required(operatorClass.rawValue).mapping() else { continue }
        if operatorClass == .gemm {
          for type in ComputeType.allCases {
            gemm[type] = Self.efficiency(reader.required(type.rawValue))
          }
        } else {
          others[operatorClass] = Self.efficiency(reader.required("any"))
        }
        reader.finish()
      }
      operators.finish()
    }
    var links: [LinkEfficiency] = []
    var transfer: LinkEfficiency?
    if var collectives = root.required("collectives").mapping() {
      links = ["scale_up", "scale_out"].compactMap { Self.link(collectives.required($0)) }
      transfer = Self.link(collectives.required("cache_transfer"))
      if var reader = collectives.required("expert_exchange").mapping() {
        for framework in Framework.allCases {
          expertExchanges[framework] = Self.expertExchange(reader.required(framework.rawValue))
        }
        reader.finish()
      }
      if let ways = Self.networkExpertExchange(collectives.required("network_expert_exchange")) {
        networkExpertExchange = ways
      }
      collectives.finish()
    }
    let none = LinkEfficiency(latencySeconds: 0, bandwidth: 1)
    scaleUp = links.first ?? none
    scaleOut = links.last ?? none
    cacheTransfer = transfer ?? none
    frameworks = [:]
    if var reader = root.required("frameworks").mapping() {
      for framework in Framework.allCases {
        frameworks[framework] = Self.overhead(reader.required(framework.rawValue))
      }
      reader.finish()
    }
    if var reader = root.required("disaggregation").mapping() {
      for framework in Framework.allCases {
        handOffs[framework] = Self.handOff(reader.required(framework.rawValue))
      }
      reader.finish()
    }
    runtimeBytes = 0
    if var memory = root.required("memory").mapping() {
      runtimeBytes = Self.sourced(memory.required("runtime")) { $0.quantity(Bytes.self)?.si } ?? 0
      memory.finish()
    }
    sortSecondsPerKey = Self.sortSecondsPerKey(root.required("sampling"))
    if var reader = root.required("power").mapping() {
      for key in reader.remainingKeys() { powers[key] = Self.power(reader.required(key)) }
      reader.finish()
    }
    transfers = Self.transfers(root.required("transfers"))
    root.finish()
    try problems.throwIfAny()
  }

  private static func sortSecondsPerKey(_ field: Field) -> Double {
    guard var reader = field.mapping() else { return 0 }
    let seconds = sourced(reader.required("sort_per_key")) { $0.quantity(Seconds.self)?.si }
    reader.finish()
    return seconds ?? 0
  }

  private static func power(_ field: Field) -> PowerCoefficients? {
    guard var reader = field.mapping() else { return nil }
    func share(_ key: String, _ range: ClosedRange<Double>) -> Double {
      reader.required(key).double(in: range) ?? range.upperBound
    }
    let gemm = kernelPower(reader.required(OperatorClass.gemm.rawValue))
    var classes: [OperatorClass: KernelPower] = [:]
    for operatorClass in OperatorClass.allCases where operatorClass != .gemm {
      classes[operatorClass] = kernelPower(reader.optional(operatorClass.rawValue))
    }
    let power = PowerCoefficients(
      gemm: gemm ?? KernelPower(busy: 0, compute: 0, memory: 0), classes: classes,
      launch: share("launch", 0...1), host: share("host", 0...1), exchange: share("exchange", 0...1),
      sort: share("sort", 0...1), limit: share("limit", 0.1...1))
    _ = reader.required("source").string()
    reader.finish()
    return gemm == nil ? nil : power
  }

  private static func kernelPower(_ field: Field) -> KernelPower? {
    guard var reader = field.mapping() else { return nil }
    let busy = reader.required("busy").double(in: 0...2)
    let compute = reader.required("compute").double(in: 0...10)
    let memory = reader.required("memory").double(in: 0...10)
    reader.finish()
    guard let busy, let compute, let memory else { return nil }
    return KernelPower(busy: busy, compute: compute, memory: memory)
  }

  private static func efficiency(_ field: Field) -> OperatorEfficiency? {
    guard var reader = field.mapping() else { return nil }
    let share = 0.001...1.0
    let result = OperatorEfficiency(
      compute: reader.required("compute").double(in: share) ?? 1,
      memory: reader.required("memory").double(in: share) ?? 1,
      activation: reader.required("activation").double(in: share) ?? 1,
      sharpness: reader.required("sharpness").double(in: 1...20) ?? 1,
      launchSeconds: seconds(reader.required("launch")))
    _ = reader.required("source").string()
    reader.finish()
    return result
  }

  private static func link(_ field: Field) -> LinkEfficiency? {
    guard var reader = field.mapping() else { return nil }
    let result = LinkEfficiency(
      latencySeconds: seconds(reader.required("latency")),
      bandwidth: reader.required("efficiency").double(in: 0.001...1) ?? 1)
    _ = reader.required("source").string()
    reader.finish()
    return result
  }

  private static func transfers(_ field: Field) -> [String: Transfer] {
    guard var reader = field.mapping() else { return [:] }
    var transfers: [String: Transfer] = [:]
    for architecture in reader.remainingKeys() {
      guard var one = reader.required(architecture).mapping() else { continue }
      transfers[architecture] = Transfer(
        from: one.required("from").string() ?? "", compute: one.required("compute").double(in: 0.05...5) ?? 1,
        memory: one.required("memory").double(in: 0.05...5) ?? 1,
        launch: one.required("launch").double(in: 0.05...20) ?? 1)
      _ = one.required("source").string()
      one.finish()
    }
    reader.finish()
    return transfers
  }

  private static func overhead(_ field: Field) -> FrameworkOverhead? {
    guard var reader = field.mapping() else { return nil }
    let result = FrameworkOverhead(
      stepSeconds: seconds(reader.required("step")), mixedStepSeconds: seconds(reader.required("mixed_step")),
      layerSeconds: seconds(reader.required("layer")), sequenceSeconds: seconds(reader.required("sequence")),
      frontEndSeconds: seconds(reader.required("front_end")),
      frontEndSecondsPerInputToken: seconds(reader.required("front_end_per_token")))
    _ = reader.required("source").string()
    reader.finish()
    return result
  }

  private static func expertExchange(_ field: Field) -> ExpertExchangeCosts? {
    guard var reader = field.mapping() else { return nil }
    let result = ExpertExchangeCosts(
      dispatchSeconds: seconds(reader.required("dispatch")),
      combineSeconds: seconds(reader.required("combine")),
      bandwidth: reader.required("efficiency").double(in: 0.001...1) ?? 1)
    _ = reader.required("source").string()
    reader.finish()
    return result
  }

  private static func networkExpertExchange(_ field: Field) -> NetworkExpertExchange? {
    guard var reader = field.mapping() else { return nil }
    let ways = ["copy_per_expert", "copy_per_domain"].compactMap { link(reader.required($0)) }
    reader.finish()
    guard ways.count == 2 else { return nil }
    return NetworkExpertExchange(
      copyPerExpert: .init(seconds: ways[0].latencySeconds, bandwidth: ways[0].bandwidth),
      copyPerDomain: .init(seconds: ways[1].latencySeconds, bandwidth: ways[1].bandwidth))
  }

  private static func handOff(_ field: Field) -> HandOffOverhead? {
    guard var reader = field.mapping() else { return nil }
    let result = HandOffOverhead(
      seconds: seconds(reader.required("hand_off")),
      firstToken: reader.required("first_token").choice(FirstTokenSource.self) ?? .handOff)
    _ = reader.required("source").string()
    reader.finish()
    return result
  }

  private static func sourced<Value>(_ field: Field, _ read: (Field) -> Value?) -> Value? {
    guard var reader = field.mapping() else { return nil }
    let value = read(reader.required("value"))
    _ = reader.required("source").string()
    reader.finish()
    return value
  }

  private static func seconds(_ field: Field) -> Double { field.quantity(Seconds.self)?.si ?? 0 }
}
