import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation
import Workload

/// Turns one document into a scenario that is ready to run, or into the list of everything that is wrong with it.
struct ScenarioResolver {
  let document: Document
  let catalogue: ScenarioCatalogue
  let options: ResolutionOptions
  let problems = ProblemCollector()
  let paths: PathBase

  /// A resolver of a document; relative paths in values of `file` count from its folder.
  init(_ document: Document, file: String, catalogue: ScenarioCatalogue, options: ResolutionOptions) {
    self.document = document
    self.catalogue = catalogue
    self.options = options
    paths = PathBase(scenarioFile: file)
  }

  /// The scenario; throws every problem at once.
  func resolve(point: SweepPoint? = nil) throws(Problems) -> ResolvedScenario {
    var root = MappingReader(document.root, problems: problems)
    let version = root.required("tokenmill")
    if let number = version.int(), number != 1 {
      version.reject("this program reads version 1 of the format")
    }
    let name = root.required("name").string()
    let description = root.optional("description").string()
    let systems = self.systems(root.optional("hardware"))
    let siteField = root.required("site")
    let site = SiteReader(systems: systems, paths: paths, problems: problems).read(siteField)
    // Where the site's size is wrong, what it was to hold still tells what is wrong with deployments.
    let candidates =
      site?.site.parts.map(\.system)
      ?? [systems.system(siteField.node?["system"]?.scalar?.text ?? "")].compactMap { $0 }
    let drafts = deployments(root.required("deployments"), systems: candidates)
    let runField = root.optional("run")
    let runReader = RunReader(problems: problems)
    let run = runReader.run(runField)
    let streams = self.streams(root.required("workload"), drafts, hasDuration: run.duration != nil)
    let references = runReader.references(root.optional("references"))
    if root.optional("sweep").isPresent { _ = SweepReader(document: document, problems: problems).axes() }
    if root.optional("plan").isPresent {
      _ = PlanReader(root: document.root, systems: systems, problems: problems).section()
    }
    root.finish()

    checkEnds(streams, run)
    checkServed(drafts, streams)
    let seed = options.seed ?? run.seed
    var designs: [DesignedDeployment?] = drafts.map { draft in
      design(draft, streams: streams.filter { $0.deployment == draft.name }, seed: seed)
    }
    if let site {
      place(&designs, drafts, on: site.site)
      settle(&designs, drafts, on: site.site)
    }
    try problems.throwIfAny()
    guard let name, let site, designs.allSatisfy({ $0 != nil }) else {
      throw Problems(document.root.problem("the scenario can't be resolved"))
    }
    let deployments = designs.compactMap {
      $0?.resolved(capping: site.site.capping, metering: site.site.metering)
    }
    checkPlaces(root.node, site.site, deployments, run)
    check(run.sample, deployments, below: root.node)
    try problems.throwIfAny()
    let warmUp = run.warmUp ?? (streams.allSatisfy { $0.arrivals?.isClosedLoop == true } ? .none : .automatic)
    let echo = Echo(
      name: name, description: description, point: point,
      hardware: site.site.parts.map(\.system).filter { document.root["hardware"]?[$0.id] != nil },
      site: site.echo,
      deployments: designs.compactMap { $0 },
      run: run, seed: seed, warmUp: warmUp, references: references)
    var plan = RunPlan(
      seed: seed, horizon: run.duration.map { SimTime.zero + SimDuration(seconds: $0.si) },
      macroSteps: options.macroSteps, recordsRequests: options.recordsRequests, threads: options.threads)
    plan.sample = run.sample
    plan.timeline = options.timeline
    return ResolvedScenario(
      name: name, site: site.site, deployments: deployments, run: plan,
      warmUp: warmUp, references: references, echo: echo.value)
  }

  /// Settles what depends on where replicas stand: faults, links, fleets.
  private func settle(
    _ designs: inout [DesignedDeployment?], _ drafts: [DeploymentDraft], on site: ResolvedSite
  ) {
    for (index, draft) in drafts.enumerated() {
      designs[index]?.powerPriority = draft.powerPriority
      let faults = draft.faults?.resolved(for: designs[index])
      designs[index]?.faults = faults
      if let network = draft.handOff.network, let item = designs[index] {
        designs[index]?.prefill?.handOff = network.handOff(of: item, stated: draft.handOff, on: site)
        designs[index]?.prefill?.handOff.localPrefillBelow = draft.handOff.localPrefillBelow
      }
      if var item = designs[index] {
        settleFleet(&item, draft.fleet)
        designs[index] = item
      }
    }
  }

  /// A sample must be able to stand for every deployment.
  private func check(_ sample: SamplePlan?, _ deployments: [ResolvedDeployment], below node: Node) {
    guard let sample else { return }
    for plan in deployments.map(\.plan) {
      guard let cells = sample.cells(of: plan), let problem = plan.problem(with: cells) else { continue }
      problems.record(
        below: node, at: ["run", "sample"], found: "",
        message: "deployment '\(plan.name)' can't be sampled: \(problem)",
        hint: "leave out run.sample, or give cells other sizes")
    }
  }

  /// What rows and racks draw is known where all replicas are simulated, in places of their own.
  private func checkPlaces(
    _ root: Node, _ site: ResolvedSite, _ deployments: [ResolvedDeployment], _ run: RunDraft
  ) {
    if run.sample != nil, site.capping?.hasPlaces == true {
      problems.record(
        below: root, at: ["run", "sample"], found: "",
        message: "limits of rows and racks need all replicas in their places",
        hint: "leave out run.sample, or leave only the feed's limit")
    }
    let hasPlanner = deployments.contains { $0.plan.fleet?.planner != nil }
    if site.capping?.hasPlaces == true, hasPlanner {
      problems.record(
        below: root, at: ["site", "capping"], found: "",
        message: "replicas that a planner moves between pools have no places of their own",
        hint: "leave only the feed's limit, or leave out the planner")
    }
    guard let metering = site.metering else { return }
    if run.sample != nil, metering.hasPlaces {
      problems.record(
        below: root, at: ["run", "sample"], found: "",
        message: "meters of rows and racks need all replicas in their places",
        hint: "leave out run.sample, or meter by system or pool")
    }
    if metering.hasPlaces, hasPlanner {
      problems.record(
        below: root, at: ["site", "metering", "by"], found: metering.level.rawValue,
        message: "replicas that a planner moves between pools have no places of their own",
        allowed: "system, pool")
    }
    let intervals = (run.duration?.si ?? 0) / metering.intervalSeconds
    let points = metering.points(on: site, deployments: deployments.count)
    if intervals * Double(points) > Double(MeteringReader.most) {
      problems.record(
        below: root, at: ["site", "metering", "every"], found: plain(metering.intervalSeconds) + " s",
        message:
          "more than \(MeteringReader.most) readings: \(counted(points, "point")) in each interval of the run",
        hint: "take a longer interval or fewer points")
    }
  }

  /// The catalogue's systems with those of `hardware:`.
  private func systems(_ field: Field) -> SystemCatalogue {
    guard let node = field.node else { return catalogue.systems }
    do {
      return try catalogue.systems.adding(definitions: node)
    } catch {
      problems.record(error)
      return catalogue.systems
    }
  }

  /// What `plan:` asks; throws every problem of it at once, and says what to do where there is none.
  func plan() throws(Problems) -> PlanSection {
    guard let node = document.root["plan"], !node.isNull else {
      throw Problems(
        Problem(
          file: document.file, message: "has no 'plan:' section",
          hint: "for example 'plan: { systems: [h200-sxm, b200-sxm], objective: dollars_per_million_tokens }'"
        ))
    }
    let hardware = document.root["hardware"].map { Field($0, problems: problems) }
    let systems = hardware.map { self.systems($0) } ?? catalogue.systems
    let section = PlanReader(root: document.root, systems: systems, problems: problems).section()
    for stream in document.root["workload"]?.elements ?? [] {
      guard let process = stream["arrivals"]?["process"],
        ["offline", "closed-loop"].contains(process.scalar?.text)
      else { continue }
      Field(process, problems: problems).reject(
        "which has no rate that a plan could find or serve",
        allowed: "poisson, gamma, deterministic, on-off, diurnal, trace")
    }
    try problems.throwIfAny()
    guard let section else { throw Problems(node.problem("the plan can't be read")) }
    return section
  }

  private func deployments(_ field: Field, systems: [SystemSpecification]) -> [DeploymentDraft] {
    let models = ModelReader(models: catalogue.models, paths: paths, problems: problems)
    let reader = DeploymentReader(models: models, systems: systems, problems: problems)
    let drafts = field.list { reader.read($0) } ?? []
    if field.node?.elements?.isEmpty == true { field.reject("at least one deployment is needed") }
    for (index, draft) in drafts.enumerated() {
      guard let name = draft.name, drafts[..<index].contains(where: { $0.name == name }) else { continue }
      problems.record(
        below: draft.node, at: ["name"], found: "'\(name)'", message: "two deployments have this name",
        hint: "give each a name of its own")
    }
    return drafts
  }

  private func streams(_ field: Field, _ drafts: [DeploymentDraft], hasDuration: Bool) -> [StreamDraft] {
    if field.node?.elements?.isEmpty == true { field.reject("at least one stream of requests is needed") }
    let reader = WorkloadReader(
      datasets: catalogue.datasets, paths: paths, deployments: drafts.compactMap(\.name),
      hasDuration: hasDuration,
      problems: problems)
    return field.list { reader.read($0) } ?? []
  }

  /// A run that lasts until everything is done needs arrivals that end.
  private func checkEnds(_ streams: [StreamDraft], _ run: RunDraft) {
    guard run.duration == nil else { return }
    for stream in streams {
      guard let arrivals = stream.arrivals, arrivals.isEndless else { continue }
      problems.record(
        below: arrivals.node, at: ["requests"], found: "",
        message: "required, because the run lasts until it is drained and these arrivals never end",
        hint: "or give the run a duration, for example 'run: { duration: 600 s }'")
    }
  }

  private func checkServed(_ drafts: [DeploymentDraft], _ streams: [StreamDraft]) {
    guard streams.allSatisfy({ $0.deployment != nil }), !streams.isEmpty else { return }
    for draft in drafts {
      guard let name = draft.name, !streams.contains(where: { $0.deployment == name }) else { continue }
      Field(draft.node, problems: problems).refuse("no workload names the deployment '\(name)'")
    }
  }
}

extension ScenarioResolver {
  /// Gives every deployment its replicas: the stated ones first, then `fill`.
  private func place(
    _ designs: inout [DesignedDeployment?], _ drafts: [DeploymentDraft], on site: ResolvedSite
  ) {
    let filling = drafts.filter { $0.replicas == .fill }
    for draft in filling.dropFirst() {
      problems.record(
        below: draft.node, at: ["replicas"], found: "fill, the default",
        message: "only one deployment can fill what the others leave", allowed: "a number of replicas")
    }
    // Without the size of one deployment nobody knows what it leaves.
    guard drafts.allSatisfy({ $0.parallel != nil && $0.replicas != nil && $0.system != nil }),
      filling.count <= 1
    else { return }
    var placements = site.parts.indices.map { Placement(site, part: $0) }
    /// The position of a draft's system among those of the site.
    func part(_ system: SystemSpecification?) -> Int {
      site.parts.firstIndex { $0.system.id == system?.id } ?? 0
    }
    for (index, draft) in drafts.enumerated() {
      if let parallel = draft.parallel, case .exactly(let count)? = draft.replicas {
        // A planner's pools share their accelerators: they stand where they do at the start.
        let standing = draft.fleet.planner?.initial.decode ?? count
        designs[index]?.places = place(
          standing, spares: draft.faults?.spares.decode ?? 0, parallel, draft.replicasField, draft.layoutNode,
          &placements[part(draft.system)])
        designs[index]?.replicas = count
        designs[index]?.replicasSource = "stated in the scenario"
      }
      if let pool = draft.prefill, let parallel = pool.parallel, let count = pool.replicas {
        let standing = draft.fleet.planner?.initial.prefill ?? count
        designs[index]?.prefill?.places = place(
          standing, spares: draft.faults?.spares.prefill ?? 0, parallel, pool.replicasField, pool.node,
          &placements[part(pool.system)])
        designs[index]?.prefill?.replicas = count
      }
    }
    for (index, draft) in drafts.enumerated() {
      guard let parallel = draft.parallel, draft.replicas == .fill else { continue }
      let number = part(draft.system)
      let spares = draft.faults?.spares.decode ?? 0
      let room = placements[number].room(for: parallel)
      guard room > spares else {
        if spares > 0, room > 0 {
          draft.faults?.sparesField.reject("no replica is left", allowed: "fewer than \(room)")
        } else {
          refuseReplica(draft.layoutNode, parallel, placements[number])
        }
        continue
      }
      let free = placements[number].free
      designs[index]?.places = placements[number].place(room, parallel)
      designs[index]?.places?.spares = spares
      designs[index]?.replicas = room - spares
      designs[index]?.replicasSource =
        "fill: \(counted(free, "accelerator")) in scale-up domains of \(placements[number].domainSize), "
        + "\(parallel.accelerators) a replica" + (spares > 0 ? ", \(counted(spares, "spare"))" : "")
    }
  }

  /// Places a stated number of replicas; says what keeps them from their places.
  private func place(
    _ count: Int, spares: Int, _ parallel: Parallelism, _ field: Field, _ node: Node,
    _ placement: inout Placement
  ) -> ReplicaPlaces? {
    let room = placement.room(for: parallel)
    guard room > 0 else {
      refuseReplica(node, parallel, placement)
      return nil
    }
    guard count + spares <= room else {
      field.reject(
        (spares > 0 ? "with \(counted(spares, "spare")) " : "")
          + "more than fit: of the site's \(counted(placement.accelerators, placement.name)), \(placement.free) are free, and a replica takes "
          + "\(parallel.accelerators)",
        allowed: "at most \(max(room - spares, 0))")
      return nil
    }
    var places = placement.place(count + spares, parallel)
    places.spares = spares
    return places
  }

  private func refuseReplica(_ node: Node, _ parallel: Parallelism, _ placement: Placement) {
    // That domains can't hold it, whatever stands on them, is the design's problem and reported there.
    let (stage, domain) = (parallel.acceleratorsPerStage, placement.domainSize)
    guard stage <= domain || stage % domain == 0 else { return }
    problems.record(
      below: node, at: ["parallel"],
      found: "\(counted(parallel.accelerators, "accelerator")) a replica",
      message:
        "no replica fits: \(placement.free) of \(counted(placement.accelerators, placement.name)) are free")
  }
}
