import Foundation
import Hardware
import Models

/// What overheads are fitted for: each narrower group is drawn to the wider one that it belongs to.
public struct OverheadGroup: Sendable, Hashable, Codable {
  /// The framework.
  public var framework: String
  /// The kernels that a model needs, see ``ReplicaDesign/kernelClass``, and ` disaggregated` for replicas of pools; nil
  /// for all.
  public var kernels: String?
  /// The shape of the model, see ``ReplicaDesign/modelShape``; nil for all.
  public var model: String?
  /// The system; nil for all.
  public var system: String?
  /// The framework's version; nil for all.
  public var version: String?

  /// A group; see the properties.
  public init(
    framework: String, kernels: String? = nil, model: String? = nil, system: String? = nil,
    version: String? = nil
  ) {
    self.framework = framework
    self.kernels = kernels
    self.model = model
    self.system = system
    self.version = version
  }

  /// How narrow a group is, widest first.
  public enum Level: Int, CaseIterable, Sendable {
    /// All runs of a framework.
    case framework
    /// Those of one class of kernels.
    case kernels
    /// Of these, one model on all systems: what is known of a model when a system is new.
    case model
    /// One model on one system.
    case modelOnSystem
    /// Under one version of the framework.
    case version
  }

  /// The group of a level that this one belongs to; nil where it says too little to belong to one.
  public func group(at level: Level) -> OverheadGroup? {
    var wider = OverheadGroup(framework: framework)
    if level == .framework { return wider }
    guard let kernels else { return nil }
    wider.kernels = kernels
    if level == .kernels { return wider }
    guard let model, let system else { return nil }
    wider.model = model
    if level != .model { wider.system = system }
    if level == .version {
      guard let version else { return nil }
      wider.version = version
    }
    return wider
  }

  /// Orders groups.
  public var sortKey: String {
    [framework, kernels ?? "", model ?? "", system ?? "", version ?? ""].joined(separator: "|")
  }
}

/// Overheads fitted to end-to-end runs, by group.
public struct OverheadTable: Sendable, Equatable, Codable {
  /// A group's overheads and what they rest on.
  public struct Entry: Sendable, Equatable, Codable {
    /// Whose they are.
    public var group: OverheadGroup
    /// The numbers.
    public var overhead: FrameworkOverhead
    /// Runs that they were fitted to.
    public var points: Int
    /// Median of |predicted / measured − 1| of TPOT over those runs, with this group's own numbers.
    public var medianErrorOfTPOT: Double
    /// The same of TTFT.
    public var medianErrorOfTTFT: Double

    enum CodingKeys: String, CodingKey {
      case group, overhead, points
      case medianErrorOfTPOT = "tpot_median_error"
      case medianErrorOfTTFT = "ttft_median_error"
    }

    /// An entry; see the properties.
    public init(
      group: OverheadGroup, overhead: FrameworkOverhead, points: Int, medianErrorOfTPOT: Double,
      medianErrorOfTTFT: Double
    ) {
      self.group = group
      self.overhead = overhead
      self.points = points
      self.medianErrorOfTPOT = medianErrorOfTPOT
      self.medianErrorOfTTFT = medianErrorOfTTFT
    }
  }

  /// Version of the file's form.
  public var version = 1
  /// What the runs were, for people.
  public var provenance: [String]
  /// The entries, in a fixed order.
  public private(set) var entries: [Entry]

  /// A table of entries, which it sorts.
  public init(provenance: [String], entries: [Entry]) {
    self.provenance = provenance
    self.entries = entries.sorted { $0.group.sortKey < $1.group.sortKey }
  }

  /// No entries: priors hold.
  public static let empty = OverheadTable(provenance: [], entries: [])

  /// The table as a file's text: the same for the same entries.
  public var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let data = try? encoder.encode(self) else { preconditionFailure("an overhead with no number") }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// The entry of the narrowest group that has one.
  public func entry(for group: OverheadGroup) -> Entry? {
    for level in OverheadGroup.Level.allCases.reversed() {
      guard let wanted = group.group(at: level) else { continue }
      if let found = entries.first(where: { $0.group == wanted }) { return found }
    }
    return nil
  }
}

extension ReplicaDesign {
  /// The kernels that the model needs, as far as they differ between models: kind of attention, dense or mixture of
  /// experts, and the operand format of the feed-forward layers: `latent-moe nvfp4`.
  public var kernelClass: String {
    guard let transformer = model.transformer else { return "diffusion" }
    var kinds: [String] = []
    for group in transformer.layers {
      let kind: String? =
        switch group.attention {
        case .groupedQuery(let attention): attention.span == .full ? "gqa" : "windowed"
        case .latent: "latent"
        case .linear: "linear"
        case .compressed: "compressed"
        case .none: nil
        }
      if let kind, !kinds.contains(kind) { kinds.append(kind) }
    }
    let isMixture = transformer.isMixtureOfExperts
    let weights = precision.weightType(of: isMixture ? .experts : .feedForward)
    let format = KernelFormat.name(weights: weights, activations: precision.activations)
    return kinds.sorted().joined(separator: "+") + (isMixture ? "-moe " : "-dense ") + format
  }

  /// Layers, width and routed experts: `61 x 7168, 256 experts`.
  ///
  /// Models of one architecture that differ in their weights alone have the same.
  public var modelShape: String {
    guard let transformer = model.transformer else { return model.id }
    let experts = transformer.layers.compactMap { group -> Int? in
      if case .mixtureOfExperts(let mixture) = group.feedForward { mixture.experts } else { nil }
    }.max()
    return "\(transformer.layerCount) x \(transformer.hiddenSize)" + (experts.map { ", \($0) experts" } ?? "")
  }

  /// The narrowest group of overheads that the design belongs to.
  public var overheadGroup: OverheadGroup {
    OverheadGroup(
      framework: framework.rawValue, kernels: kernelClass + (isDisaggregated ? " disaggregated" : ""),
      model: modelShape, system: system.id,
      version: frameworkVersion)
  }

  /// The framework's overheads on this design: fitted for its narrowest group, else the framework's priors.
  public var overhead: FrameworkOverhead {
    efficiencies.overheads.entry(for: overheadGroup)?.overhead ?? efficiencies.overhead(of: framework)
  }
}
