import Hardware
import Models

/// A model on a system: what one replica costs and what it can hold.
public struct ReplicaDesign: Sendable {
  /// The model.
  public let model: Model
  /// The system that it runs on.
  public let system: SystemSpecification
  /// Formats of weights, activations and KV cache.
  public let precision: Precision
  /// How it spreads over accelerators.
  public let parallel: Parallelism
  /// The serving framework.
  public let framework: Framework
  /// The framework's version where it matters which; nil for any.
  public let frameworkVersion: String?
  /// Whether the fastest kernels that any version has are switched on, rather than those that its version runs unasked.
  public let hasFastestKernels: Bool
  /// Whether it works on prompts or on answers alone, in a pool.
  public let isDisaggregated: Bool
  /// What operators reach of the hardware's peaks.
  public let efficiencies: EfficiencyTable
  /// Copies of routed experts in each layer beyond one of each, >= 0; they take memory.
  public var redundantExperts = 0
  /// Loads of the busiest rank by mixture of experts; empty: as calibrated.
  public var expertLoads: [ExpertLoads] = []
  /// Whether those loads are drawn anew in each step rather than taken at their mean.
  public var drawsExpertLoads = false
  /// Loads of the busiest attention group; nil: groups have even shares.
  public var groupLoads: GroupLoads?

  /// Whether the scheduler prepares the next step while the accelerators work; nil: as the framework does by default.
  public var schedulesAhead: Bool?
  /// What the host takes at least for a step, where it is known to be slow; nil: what the framework takes anyway.
  public var hostFloor: HostFloor?
  /// How tokens are drawn from logits.
  public var sampler = Sampler.greedy
  /// What accelerators are held to.
  public var clocks = ClockLimits()
  /// Adapters (LoRA) beside the weights; nil: none.
  public var adapters: AdapterDesign?

  /// Creates a design; ``problems()`` says whether it can be built.
  public init(
    model: Model, system: SystemSpecification, precision: Precision, parallel: Parallelism,
    framework: Framework, frameworkVersion: String? = nil, hasFastestKernels: Bool = false,
    isDisaggregated: Bool = false, efficiencies: EfficiencyTable
  ) {
    self.model = model
    self.system = system
    self.precision = precision
    self.parallel = parallel
    self.framework = framework
    self.frameworkVersion = frameworkVersion
    self.hasFastestKernels = hasFastestKernels
    self.isDisaggregated = isDisaggregated
    self.efficiencies = efficiencies.resolved(
      framework: framework,
      version: hasFastestKernels ? nil : frameworkVersion.flatMap { FrameworkVersion($0) },
      architecture: system.architecture.description, system: system.id)
  }
}

/// How an engine draws a token from the logits of its vocabulary.
public enum Sampler: String, CaseIterable, Sendable {
  /// The likeliest, or one drawn by a kernel that passes over the logits.
  case greedy
  /// By `top_p` or `top_k` through a sort of the whole vocabulary.
  case sort
}

/// Time that a host takes for a step beside the accelerators: steps last at least as long.
public struct HostFloor: Sendable, Equatable {
  /// Seconds of each step, >= 0.
  public var seconds: Double
  /// Seconds for each decoding sequence of it, >= 0.
  public var secondsPerSequence: Double

  /// A floor; see the properties.
  public init(seconds: Double, secondsPerSequence: Double) {
    self.seconds = seconds
    self.secondsPerSequence = secondsPerSequence
  }
}

/// Why a design can't be built, in the words of a scenario file.
public struct DesignProblem: Sendable, Equatable {
  /// The field below a deployment, such as `parallel.tensor`.
  public var path: String
  /// What it holds.
  public var found: String
  /// What is wrong with it.
  public var message: String
  /// What would do, where that can be said.
  public var allowed: String?

  /// Creates a problem; see the properties.
  public init(path: String, found: String, message: String, allowed: String? = nil) {
    self.path = path
    self.found = found
    self.message = message
    self.allowed = allowed
  }
}
