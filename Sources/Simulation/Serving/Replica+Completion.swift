import CostModel

/// What follows when steps end: tokens out, requests finished, prompts done.
extension Replica {
  /// Ends the stretch in progress: its steps are done at `plannedEnd`.
  mutating func completeSteps(engine: Engine, shop: inout Shop) {
    let now = plannedEnd
    let steps = plannedSteps
    regime?.done += steps
    guard let regime else { preconditionFailure("steps ended that nobody began") }
    plannedSteps = 0
    plannedEnd = .never
    shop.steps += Int64(steps)
    self.steps += Int64(steps)
    shop.events += 1
    if now > shop.lastStep { shop.lastStep = now }

    record(regime, steps: (regime.done - steps + 1)...regime.done, &shop.observations)
    if engine.timeline.contains(Int(id)) { keep(regime, steps: steps, until: now, &shop.observations) }
    if !joined.isEmpty { completeJoined(at: now, shop: &shop) }
    if holdsPrompts { waitedSteps += steps }
    if let balance = engine.options.attentionBalance { groupWait.advance(steps, balance) }
    stepsSinceReceipt = chunks.isEmpty ? stepsSinceReceipt + steps : 0
    if decodesOfStep > 0 {
      if engine.options.capacityPolicy == .currentUse {
        cache.take(decoding.blockDemand(steps: steps - 1, skipping: 1))
      }
      cache.notePeak()
      decoding.advance(steps)
      if padding.sequences > 0 { padding.advance(steps) }
      while let slot = decoding.popAnswering(shop.requests) { shop.requests[slot].firstAnswer = now }
      if chunks.isEmpty { estimate.decodeSteps += steps }
      var changed = finishDecodes(at: now, engine: engine, shop: &shop)
      if engine.cost.bound != .none { changed = decoding.applyBoundEvents(&shop.requests) || changed }
      if changed { closeRegime() }
    }
    if !chunks.isEmpty {
      cache.notePeak()
      closeRegime()
      completeChunks(at: now, engine: engine, shop: &shop)
    }
  }

  /// Keeps a stretch of steps for the timeline.
  @inline(never)
  private func keep(_ regime: Regime, steps: Int, until end: SimTime, _ observations: inout Observations) {
    guard observations.spans.count < TimelinePlan.mostSpans else { return }
    let before = regime.done - steps
    observations.spans.append(
      TimelineSpan(
        replica: id,
        kind: .steps(
          count: Int32(clamping: steps), decoding: Int32(clamping: decodesOfStep),
          promptTokens: Int32(clamping: chunks.reduce(0) { $0 + $1.tokens })),
        start: regime.end(ofStep: before), end: end,
        microjoules: regime.microjoules(ofSteps: regime.done) - regime.microjoules(ofSteps: before)))
  }

  /// Records steps that have ended; the first one after a pause closes longer gaps.
  private mutating func record(
    _ regime: Regime, steps range: ClosedRange<Int>, _ observations: inout Observations
  ) {
    guard decodesOfStep > 0 else {
      return observations.record(regime, steps: range, tokens: StepTokens(), sequences: 0)
    }
    var tokens = StepTokens(units: decoding.gainedUnits, perStep: decoding.growthUnits)
    // The token of who has just joined is no step's length after the one before.
    let sequences = decodesOfStep - joined.count
    guard !pauses.isEmpty else {
      return observations.record(regime, steps: range, tokens: tokens, sequences: sequences)
    }
    let first = range.lowerBound
    observations.record(
      regime, steps: first...first, tokens: tokens, sequences: sequences - pauses.count)
    observations.recordPauses(pauses, until: regime.end(ofStep: first))
    pauses.end()
    guard first < range.upperBound else { return }
    tokens.units += tokens.perStep
    observations.record(
      regime, steps: (first + 1)...range.upperBound, tokens: tokens, sequences: sequences)
  }

  private mutating func finishDecodes(at now: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    var changed = false
    while let slot = decoding.popFinished(shop.requests) {
      changed = true
      let departure = decoding.leave(&shop.requests[slot])
      let output = Int(shop.requests[slot].output)
      shop.observations.correct(
        tokens: output - Int(shop.requests[slot].generated) - 1 - departure.tokens, at: now)
      let held =
        engine.speculation == nil
        ? engine.cache.blocks(forTokens: Int(shop.requests[slot].input) + output - 1)
        : engine.cache.blocks(forTokens: shop.requests[slot].prefillTokens) + departure.blocks
      finish(slot, held: held, at: now, engine: engine, shop: &shop)
    }
    return changed
  }

  private mutating func completeChunks(at now: SimTime, engine: Engine, shop: inout Shop) {
    var firstTokens: Int64 = 0
    var chunkTokens: Int64 = 0
    for chunk in chunks {
      let slot = chunk.slot
      chunkTokens += Int64(chunk.tokens)
      shop.requests[slot].progress += Int32(chunk.tokens)
      keepComputed(slot, tokens: Int(shop.requests[slot].progress), engine: engine, shop: &shop)
      guard shop.requests[slot].progress == shop.requests[slot].prefillTokens else { continue }
      if shop.requests[slot].forks > 0 { shop.forking.append(slot) }
      if let position = partials.firstIndex(of: slot) {
        partials.remove(at: position)
        estimate.isFull = false
      }
      let isLast = shop.requests[slot].output - shop.requests[slot].generated == 1
      let leaves = engine.role == .prefill && !isLast
      if !leaves || engine.firstToken == .prefill {
        firstTokens += 1
        firstTokenOut(slot, at: now, shop: &shop)
      }
      if leaves {
        handOff(slot, shop: &shop)
      } else if !isLast {
        let tokens = shop.requests[slot].generated + 1
        let steps = engine.speculation?.steps(of: shop.requests[slot], having: tokens)
        decoding.join(slot, &shop.requests[slot], having: tokens, steps: steps)
      } else {
        let held = engine.cache.blocks(forTokens: shop.requests[slot].prefillTokens)
        finish(slot, held: held, at: now, engine: engine, shop: &shop)
      }
    }
    chunks.removeAll(keepingCapacity: true)
    shop.observations.counts.outputTokens += firstTokens
    shop.observations.withBucket(at: now) {
      $0.outputTokens += firstTokens
      $0.inputTokens += chunkTokens
    }
    if firstTokens > 0 { shop.observations.lastToken = max(shop.observations.lastToken, now) }
  }

  /// Records the token that the end of a prefill produces: the first, or the next one after a preemption.
  private func firstTokenOut(_ slot: Int32, at now: SimTime, shop: inout Shop) {
    shop.requests[slot].noteAnswer(at: now)
    if shop.requests[slot].firstToken == .never {
      shop.requests[slot].firstToken = now
    } else {
      let gap = now - shop.requests[slot].lastToken
      shop.requests[slot].lastToken = now
      shop.observations.withEpoch(at: now) { $0.interTokenLatency.record(gap.nanoseconds) }
    }
  }

  /// A request is done; `held` are the blocks that it has filled.
  private mutating func finish(
    _ slot: Int32, held: Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) {
    keepComputed(
      slot, tokens: Int(shop.requests[slot].input) + Int(shop.requests[slot].output) - 1, engine: engine,
      shop: &shop)
    let shared = letGo(&shop.requests[slot], engine: engine)
    let request = shop.requests[slot]
    giveBack(engine.heldBlocks(held, of: request) - shared, of: request, engine: engine)
    running.remove(slot, in: &shop.requests)
    if engine.adapters != nil { letGoAdapter(of: request, engine: engine) }
    shop.requests.remove(slot)
    outstanding -= 1
    estimate.isFull = false

    let toFirstToken = request.firstToken - request.arrival
    let inQueue = request.scheduled - request.arrival
    let endToEnd = now - request.arrival
    let toFirstAnswer = request.firstAnswer == .never ? nil : request.firstAnswer - request.arrival
    let gaps = Int64(request.output) - 1
    let decodeTime = now - request.firstToken
    let perToken = gaps > 0 ? SimDuration(nanoseconds: (decodeTime.nanoseconds + gaps / 2) / gaps) : nil
    let good = engine.targets[Int(request.stream)].met(
      timeToFirstToken: toFirstToken, timePerOutputToken: perToken, endToEnd: endToEnd
    )
    let bucket = shop.observations.bucket(of: now)
    shop.observations.withEpoch(index: bucket / TimeSeries.bucketsPerEpoch) {
      $0.timeToFirstToken.record(toFirstToken.nanoseconds)
      $0.queue.record(inQueue.nanoseconds)
      $0.endToEnd.record(endToEnd.nanoseconds)
      if let toFirstAnswer { $0.timeToFirstAnswerToken.record(toFirstAnswer.nanoseconds) }
      if let perToken { $0.timePerOutputToken.record(perToken.nanoseconds) }
    }
    shop.observations.withBucket(index: bucket) {
      $0.completed += 1
      $0.ended += 1
      if good { $0.good += 1 }
      $0.timeToFirstTokenMicroseconds += toFirstToken.roundedMicroseconds
      $0.endToEndMicroseconds += endToEnd.roundedMicroseconds
      if let perToken {
        $0.withTimePerOutputToken += 1
        $0.timePerOutputTokenMicroseconds += perToken.roundedMicroseconds
      }
    }
    shop.observations.counts.completed += 1
    if good { shop.observations.counts.good += 1 }
    shop.observations.withClass(of: request.stream) {
      $0.completed += 1
      $0.outputTokens += Int64(request.output)
      if good {
        $0.good += 1
        $0.goodOutputTokens += Int64(request.output)
      }
      $0.timeToFirstToken.record(toFirstToken.nanoseconds)
      if let perToken { $0.timePerOutputToken.record(perToken.nanoseconds) }
      $0.endToEnd.record(endToEnd.nanoseconds)
    }
    if shop.reportsCompletions {
      shop.completed.append(
        Completion(
          stream: request.stream, input: request.input, output: request.output, index: request.index,
          toFirstToken: toFirstToken, perToken: perToken))
    }
    if engine.recordsRequests { shop.observations.records.append(record(of: request, completed: now)) }
  }

  /// A request that is done gives its blocks back, at once or with its batch.
  private mutating func giveBack(_ blocks: Int, of request: Request, engine: Engine) {
    guard engine.options.batching == .static else { return cache.give(blocks) }
    padding.add(context: Int(request.input) + Int(request.output), blocks: blocks)
  }

  private func record(of request: Request, completed: SimTime) -> RequestRecord {
    RequestRecord(
      stream: request.stream, index: request.index, replica: id, inputTokens: request.input,
      outputTokens: request.output, arrival: request.arrival, scheduled: request.scheduled,
      firstToken: request.firstToken,
      completed: completed, preemptions: Int32(request.preemptions), cachedTokens: request.cachedTokens)
  }
}

extension LatencyTargets {
  @inline(__always)
  func met(timeToFirstToken: SimDuration, timePerOutputToken: SimDuration?, endToEnd: SimDuration) -> Bool {
    if let limit = self.timeToFirstToken, timeToFirstToken > limit { return false }
    if let limit = self.timePerOutputToken, let timePerOutputToken, timePerOutputToken > limit {
      return false
    }
    if let limit = self.endToEnd, endToEnd > limit { return false }
    return true
  }
}

/// The output tokens of a run of decode steps: whole tokens of a sum that grows by equal parts.
struct StepTokens {
  /// The sum before the first step, in units.
  var units = 0
  /// What each step adds.
  var perStep = 0

  /// Tokens of the first `steps` steps.
  @inline(__always)
  func through(_ steps: Int) -> Int64 {
    Int64((units + perStep * steps) >> TokenUnit.bits - units >> TokenUnit.bits)
  }
}

extension Observations {
  /// Records steps `range` of a regime: tokens, gaps and energy, split where a bucket of the series ends.
  ///
  /// `sequences` requests get tokens in each step and got their last ones when the step began.
  mutating func record(
    _ regime: Regime, steps range: ClosedRange<Int>, tokens: StepTokens, sequences: Int
  ) {
    let start = range.lowerBound - 1
    let end = regime.end(ofStep: range.upperBound)
    _ = cover(end)
    var first = range.lowerBound
    if regime.anchor < origin {
      // The report began inside this regime: steps that were over by then don't count.
      first = regime.firstStep(endingAtOrAfter: SimTime(nanoseconds: origin.nanoseconds + 1), in: range)
    }
    let before = tokens.through(first - 1 - start)
    while first <= range.upperBound {
      var last = range.upperBound
      let firstEnd = regime.end(ofStep: first)
      let boundary = bucketEnd(after: firstEnd)
      if end >= boundary {
        last = max(first, regime.firstStep(endingAtOrAfter: boundary, in: first...range.upperBound) - 1)
      }
      let count = tokens.through(last - start) - tokens.through(first - 1 - start)
      let energy = regime.microjoules(ofSteps: last) - regime.microjoules(ofSteps: first - 1)
      withBucket(at: firstEnd) {
        $0.outputTokens += count
        $0.microjoulesAboveIdle += energy
      }
      if sequences > 0 {
        let elapsed = regime.end(ofStep: last) - regime.end(ofStep: first - 1)
        recordGaps(regime, first: first, last: last, sequences: Int64(sequences), sum: elapsed.nanoseconds)
      }
      first = last + 1
    }
    counts.outputTokens += tokens.through(range.upperBound - start) - before
    if tokens.perStep > 0 { lastToken = max(lastToken, end) }
  }

  /// Counts tokens at `time` that the sum over requests in flight has rounded away.
  mutating func correct(tokens: Int, at time: SimTime) {
    guard tokens != 0 else { return }
    counts.outputTokens += Int64(tokens)
    withBucket(at: time) { $0.outputTokens += Int64(tokens) }
  }

  /// Records the gaps that end with the first token after a pause.
  mutating func recordPauses(_ pauses: PausedDecodes, until time: SimTime) {
    guard time > origin else { return }
    withEpoch(at: time) {
      for group in pauses.groups {
        $0.interTokenLatency.record((time - group.lastToken).nanoseconds, times: Int64(group.count))
      }
    }
  }

  /// Records one token gap for each sequence and step: steps of equal cells together.
  private mutating func recordGaps(_ regime: Regime, first: Int, last: Int, sequences: Int64, sum: Int64) {
    let epoch = bucket(of: regime.end(ofStep: first)) / TimeSeries.bucketsPerEpoch
    let firstGap = regime.gapNanoseconds(ofStep: first)
    let lastGap = regime.gapNanoseconds(ofStep: last)
    withEpoch(index: epoch) {
      let lastCell = LatencyHistogram.cell(of: lastGap)
      var start = first
      var cell = LatencyHistogram.cell(of: firstGap)
      while cell != lastCell {
        // Gaps of a regime are monotone: bisect for the last step of this cell.
        var low = start
        var high = last
        while high - low > 1 {
          let middle = low + (high - low) / 2
          if LatencyHistogram.cell(of: regime.gapNanoseconds(ofStep: middle)) == cell {
            low = middle
          } else {
            high = middle
          }
        }
        $0.interTokenLatency.record(cell: cell, times: Int64(low - start + 1) * sequences)
        start = low + 1
        cell = LatencyHistogram.cell(of: regime.gapNanoseconds(ofStep: start))
      }
      $0.interTokenLatency.record(cell: cell, times: Int64(last - start + 1) * sequences)
      $0.interTokenLatency.account(sum: sum * sequences, maximum: max(firstGap, lastGap))
    }
  }
}
