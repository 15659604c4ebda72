import CostModel
import Facility
import Simulation

/// All figures of a run: of its steady window and of the whole, for the site and for each deployment.
public struct RunReport: Sendable {
  /// What was run where.
  public var context: RunContext
  /// Length of the reported part of the run in seconds: the longest of all deployments.
  public var simulatedSeconds: Double
  /// The steady window and how it was found.
  public var window: SteadyWindow
  /// Simulation events handled.
  public var events: Int64
  /// Engine steps of all replicas.
  public var steps: Int64
  /// All deployments together; idle accelerators of the site draw idle power here.
  public var site: PartReport
  /// Each deployment with the accelerators that it holds, in the order of the context.
  public var deployments: [PartReport]
  /// The largest share of a deployment that was simulated in place of the whole; nil where all was.
  public var sampledShare: Double?
  /// What became of limits of power over the whole run; nil where there were none.
  public var powerControl: PowerControlOutcome?
  /// What was recorded of the draw of groups of accelerators over the whole run; nil where nothing was.
  public var powerSeries: PowerSeries?
  /// What the site drew over the whole run, interval by interval; none without a facility.
  public var facilitySeries: [FacilityInterval]
  /// What the site did over the whole run; nil of a run too short to tell.
  public private(set) var course: RunCourse?

  /// The figures of the site or of one deployment.
  public struct PartReport: Sendable {
    /// The deployment's name; empty for the site.
    public var name: String
    /// Accelerators that rates are divided by and that are paid.
    public var accelerators: Int
    /// Requests by how they ended, over the whole run.
    public var requests: RequestFigures
    /// The steady window.
    public var window: SpanFigures
    /// From the start of the run to the last token.
    public var wholeRun: SpanFigures
    /// The largest share of KV blocks in use at once on any replica.
    public var peakCacheUtilisation: Double
    /// Where the time of the replicas went, over the whole run.
    public var stepTime: StepTimeFigures
    /// Where the costs of operators come from.
    public var calibration: CalibrationShares
    /// Where measured values of the steady window's headline figures are expected.
    public var intervals: [FigureInterval] = []
    /// What failures did, over the whole run.
    public var faults: FaultFigures
    /// What became of the replicas in service; nil where all always were.
    public var fleet: FleetFigures?
    /// Each service class, over the whole run; none where streams name none.
    public var classes: [ClassFigures] = []
    /// Each pool of a deployment; none for the site.
    public var pools: [PoolFigures] = []
    /// Whether it kept up with its arrivals; of the site the worst verdict of its deployments.
    public var saturation = Saturation(.undetermined)
    /// How sure the means of the steady window are, for each figure that could have an interval.
    public var confidence: [ConfidenceInterval] = []
  }

  /// Computes all figures.
  ///
  /// - Parameters:
  ///   - context: what was run where, with a deployment for each outcome.
  ///   - outcomes: what the deployments did, at least one.
  ///   - power: what became of limits of power; nil where there were none.
  ///   - readings: what was recorded at the context's points; nil where nothing was.
  public init(
    _ context: RunContext, _ outcomes: [DeploymentOutcome], power: PowerControlOutcome? = nil,
    readings: PowerReadings? = nil
  ) {
    self.init(context, outcomes, window: nil)
    powerControl = power
    powerSeries = readings.map { PowerSeries($0, points: context.powerPoints, on: context.site) }
    let samples = outcomes.compactMap(\.sample)
    guard let cells = samples.first?.cells.count else { return }
    sampledShare = samples.map(\.plan.share).max()
    let others = (0..<cells).map { cell in
      RunReport(context, outcomes.map { $0.sample?.leavingOut(cell) ?? $0 }, window: window)
    }
    let errorOfModel = samples.map(\.errorOfModel).max() ?? 1
    let found = Self.sampleConfidence(
      self, without: others, factor: errorOfModel * (1 + (sampledShare ?? 0)).squareRoot())
    site.confidence = found.site
    for (index, outcome) in outcomes.enumerated() where outcome.sample != nil {
      deployments[index].confidence = found.deployments[index]
    }
  }

  /// All figures, with a window of its own or one that was found before.
  private init(_ context: RunContext, _ outcomes: [DeploymentOutcome], window given: SteadyWindow?) {
    precondition(
      !outcomes.isEmpty && outcomes.count == context.deployments.count,
      "a report needs an outcome for each deployment")
    self.context = context
    let parts = zip(context.deployments, outcomes).map { Part(site: context.site, $0, $1) }
    let whole = Part(site: context.site, parts)
    let run = RunSpan(
      startNanoseconds: 0, endNanoseconds: context.isDrained ? whole.lastToken : whole.length)
    let everything = RunSpan(startNanoseconds: whole.firstArrival, endNanoseconds: whole.lastToken)
    window = SteadyWindow(
      context.window, series: whole.observations.series, run: run, isDrained: context.isDrained)
    if context.window == .wholeRun { window.span = everything }
    if let given { window = given }
    simulatedSeconds = Double(whole.length) * 1e-9
    events = outcomes.reduce(0) { $0 + $1.events }
    steps = whole.steps
    let span = window.span
    let facility = FacilityAccount(
      site: context.site, deployments: parts.map { ($0.name, $0.holdings, $0.observations.series) },
      holdings: whole.holdings, series: whole.observations.series, meanStepSeconds: whole.meanStepSeconds)
    let wholeUse = facility?.use(over: everything)
    let windowUse = span == everything ? wholeUse : facility?.use(over: span)
    facilitySeries = wholeUse?.intervals ?? []
    course = RunCourse(
      whole.observations, makesText: !whole.text.isEmpty,
      nanoseconds: context.isDrained ? whole.lastToken : whole.length,
      itWatts: { PowerAccount.itWatts(of: whole.holdings, aboveIdle: $0) })
    site = whole.report(window: (span, windowUse), wholeRun: (everything, wholeUse))
    deployments = parts.map {
      let run = RunSpan(startNanoseconds: $0.firstArrival, endNanoseconds: $0.lastToken)
      return $0.report(window: (span, windowUse), wholeRun: (run, wholeUse))
    }
    addIntervals()
    let grid =
      windowUse.flatMap { $0.gridWattsPerITWatt > 0 ? $0.gridWattsPerITWatt : nil }
      ?? context.site.siteWattsPerITWatt
    addCertainty(parts, whole) { grid * PowerAccount.itWatts(of: whole.holdings, aboveIdle: $0) }
  }

  /// Whether each part was in steady state, and how sure its means are.
  ///
  /// `siteWatts`: what the site draws, on average, at what accelerators draw above idle.
  private mutating func addCertainty(
    _ parts: [Part], _ whole: Part, siteWatts: @escaping (Double) -> Double
  ) {
    for (index, part) in parts.enumerated() {
      let deployment = context.deployments[index]
      let latency = deployments[index].wholeRun.latency
      var pace = Saturation.Pace(delaySeconds: deployment.frontEndSeconds + 2 * part.meanStepSeconds)
      if let whole = latency.endToEnd.mean, let queue = latency.queue.mean {
        pace.serviceSeconds = whole - queue
      }
      deployments[index].saturation = Saturation(
        load: deployment.load, part.observations, window: window.span, pace: pace)
      deployments[index].confidence = ConfidenceInterval.all(
        part.observations.series, in: window.span, tokens: !deployment.producesImages)
    }
    site.saturation = .worst(deployments.map(\.saturation))
    // Series of text and images don't add up to anything.
    if whole.text.isEmpty || whole.images.isEmpty {
      site.confidence = ConfidenceInterval.all(
        whole.observations.series, in: window.span, tokens: whole.images.isEmpty, siteWatts: siteWatts)
    }
  }

  /// Intervals of every part; the site has the widest limits of its deployments.
  private mutating func addIntervals() {
    let windows = deployments.map(\.window)
    func bands(_ figure: PredictionIntervals.Figure) -> [PredictionIntervals.Band] {
      zip(context.deployments, windows).compactMap { context.band(figure, of: $0, in: $1) }
    }
    site.intervals = site.window.intervals(bands)
    for (index, deployment) in context.deployments.enumerated() {
      deployments[index].intervals = windows[index].intervals { figure in
        context.band(figure, of: deployment, in: windows[index]).map { [$0] } ?? []
      }
    }
    // No accelerator is measured below its idle power, or for long above its limit.
    let idle = context.site.systems.map(\.acceleratorIdleWatts).min() ?? 0
    let most = context.site.systems.map(\.acceleratorPeakWatts).max() ?? .infinity
    site.intervals.bound("power_watts.gpu_mean", to: idle...most)
    for index in deployments.indices {
      deployments[index].intervals.bound("power_watts.gpu_mean", to: idle...most)
    }
  }
}

/// What a part of the site did, before it is turned into figures.
private struct Part {
  /// A span of the run with what the facility did in it, where there is one.
  typealias Span = (span: RunSpan, use: FacilityAccount.Use?)

  var name = ""
  /// Whether it is the whole site.
  var isSite = false
  let site: SiteContext
  /// Accelerators that deployments hold, and those that are paid and powered, system by system.
  var holdings: [PowerAccount.Holding]
  /// What was recorded, requests excepted.
  var observations: Observations
  /// Deployments that produce text, whose tokens count, with their observations.
  var text: [Observations]
  /// Deployments that produce images.
  var images: [Observations]
  var requests: RequestFigures
  var cost: CostVector
  var replicaSeconds: Double
  var steps: Int64
  var peakCacheUtilisation: Double
  var calibration: CalibrationShares
  var pools: [PoolFigures]
  var faults: FaultFigures
  var fleet: FleetFigures?
  /// Length of the run and times of the first arrival and of the last token, in nanoseconds since the reported part
  /// began.
  var length: Int64
  var firstArrival: Int64
  var lastToken: Int64

  /// A deployment.
  init(site: SiteContext, _ context: DeploymentContext, _ outcome: DeploymentOutcome) {
    var observations = outcome.observations
    observations.records = []
    self.site = site
    name = context.name
    holdings = zip(site.systems, context.acceleratorsBySystem).map {
      PowerAccount.Holding(system: $0, inUse: $1, all: $1)
    }
    self.observations = observations
    text = context.producesImages ? [] : [observations]
    images = context.producesImages ? [observations] : []
    requests = RequestFigures(outcome)
    faults = FaultFigures(outcome)
    fleet = FleetFigures(outcome)
    cost = outcome.cost
    let origin = observations.origin.nanoseconds
    length = max(0, outcome.end.nanoseconds - origin)
    lastToken = max(0, observations.lastToken.nanoseconds - origin)
    let first = observations.firstArrival
    firstArrival = first == .never ? 0 : min(lastToken, max(0, first.nanoseconds - origin))
    replicaSeconds = Double(context.replicas) * Double(length) * 1e-9
    steps = outcome.steps
    peakCacheUtilisation = outcome.peakCacheUtilisation
    calibration = context.calibration
    let seconds = Double(length) * 1e-9
    pools = outcome.pools.map {
      let system = site.systems[$0.role == .prefill ? context.prefillSystem : context.system]
      return PoolFigures($0, system: system, seconds: seconds)
    }
  }

  /// All deployments and the accelerators that none of them holds.
  init(site: SiteContext, _ parts: [Part]) {
    self = parts[0]
    name = ""
    isSite = true
    pools = []
    for part in parts.dropFirst() {
      for (index, holding) in part.holdings.enumerated() {
        if index < holdings.count {
          holdings[index].inUse += holding.inUse
        } else {
          holdings.append(holding)
        }
      }
      observations.add(part.observations)
      text += part.text
      images += part.images
      requests.add(part.requests)
      faults.add(part.faults)
      if let other = part.fleet {
        if fleet == nil { fleet = other } else { fleet?.add(other) }
      }
      cost += part.cost
      replicaSeconds += part.replicaSeconds
      steps += part.steps
      peakCacheUtilisation = max(peakCacheUtilisation, part.peakCacheUtilisation)
      length = max(length, part.length)
      firstArrival = min(firstArrival, part.firstArrival)
      lastToken = max(lastToken, part.lastToken)
    }
    for (index, system) in site.systems.enumerated() {
      if index == holdings.count { holdings.append(PowerAccount.Holding(system: system, inUse: 0, all: 0)) }
      holdings[index].all = max(system.accelerators, holdings[index].inUse)
    }
    calibration = Self.mean(parts)
  }

  /// Calibration shares weighted by busy time.
  private static func mean(_ parts: [Part]) -> CalibrationShares {
    let total = parts.reduce(0) { $0 + $1.cost[.time] }
    guard total > 0 else { return parts[0].calibration }
    func share(_ part: KeyPath<CalibrationShares, Double>) -> Double {
      parts.reduce(0) { $0 + $1.cost[.time] / total * $1.calibration[keyPath: part] }
    }
    return CalibrationShares(
      measured: share(\.measured), transferred: share(\.transferred), prior: share(\.prior))
  }

  func report(window: Span, wholeRun: Span) -> RunReport.PartReport {
    RunReport.PartReport(
      name: name, accelerators: accelerators, requests: requests, window: figures(window),
      wholeRun: figures(wholeRun), peakCacheUtilisation: peakCacheUtilisation,
      stepTime: StepTimeFigures(cost, replicaSeconds: replicaSeconds), calibration: calibration,
      faults: faults, fleet: fleet,
      classes: observations.classes.map { ClassFigures($0, seconds: wholeRun.span.seconds) }, pools: pools)
  }

  /// Accelerators that are paid and powered.
  private var accelerators: Int { holdings.reduce(0) { $0 + $1.all } }

  /// Seconds of a mean engine step.
  var meanStepSeconds: Double { steps > 0 ? cost[.time] / Double(steps) : 0 }

  private func figures(_ part: Span) -> SpanFigures {
    let span = part.span
    let grid = part.use.flatMap { $0.energy.pue > 0 ? $0.energy : nil }
    let texts = Totals(text, span)
    let pictures = Totals(images, span)
    let account = PowerAccount(
      siteWattsPerITWatt: grid == nil ? site.siteWattsPerITWatt : part.use?.gridWattsPerITWatt ?? 1,
      gridPeakWatts: isSite ? grid?.peakWatts : nil,
      holdings: holdings, series: observations.series, span: span, meanStepSeconds: meanStepSeconds)
    let outputTokens = text.isEmpty ? nil : texts.outputTokens
    var figures = SpanFigures(
      span: span, throughput: throughput(span, texts: texts, pictures: pictures), latency: latency(span),
      power: account.figures, energy: account.energy(outputTokens: outputTokens),
      cost: account.cost(outputTokens: outputTokens),
      facility: isSite ? FacilityFigures(part.use, outputTokens: outputTokens) : nil)
    if isSite {
      figures.economics = EconomicsFigures(
        site.economics, power: figures.power, energyDollars: figures.facility?.dollars,
        outputTokens: outputTokens, accelerators: accelerators, seconds: span.seconds)
    }
    return figures
  }

  private func throughput(_ span: RunSpan, texts: Totals, pictures: Totals) -> ThroughputFigures {
    var figures = ThroughputFigures()
    let seconds = span.seconds
    guard seconds > 0 else { return figures }
    figures.requestsPerSecond = Double(texts.completed + pictures.completed) / seconds
    figures.goodputRequestsPerSecond = Double(texts.good + pictures.good) / seconds
    if !images.isEmpty { figures.imagesPerSecond = Double(pictures.completed) / seconds }
    if !text.isEmpty {
      let output = Double(texts.outputTokens) / seconds
      let input = texts.inputTokens / seconds
      figures.outputTokensPerSecond = output
      figures.inputTokensPerSecond = input
      figures.outputTokensPerSecondPerGPU = output / Double(accelerators)
      figures.totalTokensPerSecondPerGPU = (input + output) / Double(accelerators)
    }
    return figures
  }

  private func latency(_ span: RunSpan) -> LatencyFigures {
    var sum = LatencyHistograms()
    for observations in text { sum.add(observations.latencies(in: span)) }
    for observations in images {
      let latencies = observations.latencies(in: span)
      sum.endToEnd.add(latencies.endToEnd)
      sum.queue.add(latencies.queue)
    }
    return LatencyFigures(sum)
  }
}

/// Sums over a span of some deployments.
private struct Totals {
  var outputTokens: Int64 = 0
  /// Prompt tokens without those of recomputation.
  var inputTokens = 0.0
  var completed: Int64 = 0
  var good: Int64 = 0

  init(_ deployments: [Observations], _ span: RunSpan) {
    for observations in deployments {
      let series = observations.series
      var processed: Int64 = 0
      let range = span.cells(ofWidth: series.widthNanoseconds).clamped(to: 0..<series.buckets.count)
      for bucket in series.buckets[range] {
        outputTokens += bucket.outputTokens
        processed += bucket.inputTokens
        completed += bucket.completed
        good += bucket.good
      }
      // The series counts recomputed tokens and not those that a cache held: the share of prompts in it is known for
      // the whole run only.
      let useful = observations.counts.inputTokens
      let recomputed = observations.counts.recomputedTokens
      let cached = observations.counts.cachedTokens
      inputTokens +=
        recomputed == 0 && cached == 0
        ? Double(processed)
        : Double(processed) * (Double(useful) / Double(max(useful - cached + recomputed, 1)))
    }
  }
}

extension Observations {
  /// Latencies of the epochs of a span.
  func latencies(in span: RunSpan) -> LatencyHistograms {
    let width = series.widthNanoseconds * Int64(TimeSeries.capacity / TimeSeries.epochs)
    return latencies(epochs: span.cells(ofWidth: width))
  }
}
