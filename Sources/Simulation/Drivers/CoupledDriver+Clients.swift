import Workload

/// The senders of requests: open streams, closed loops, conversations.
extension CoupledDriver {
  /// Sends a stream's first requests.
  mutating func open(_ stream: Int) {
    let plan = deployment.streams[stream]
    if let graph = plan.graph {
      clients[stream].waits = graph.waits
      clients[stream].ready = graph.notBeforeNanoseconds.map { SimTime(nanoseconds: $0) }
    }
    if case .closedLoop(let concurrency, let thinkTimeSeconds) = plan.arrivals {
      clients[stream].isClosedLoop = true
      clients[stream].concurrency = concurrency
      clients[stream].thinkTime = SimDuration(seconds: thinkTimeSeconds)
      clients[stream].warmingUp = plan.warmUpRequests
      if plan.warmUpRequests > 0 { warmUps += 1 }
      clients[stream].left = plan.warmUpRequests > 0 ? plan.warmUpRequests : plan.requests ?? .max
      sendBurst(stream, at: .zero)
    } else {
      sendNext(stream)
    }
  }

  /// Sends the next request of a stream that waits for no answers; the stream ends before the horizon.
  mutating func sendNext(_ stream: Int) {
    guard let time = clients[stream].generator.next(), run.horizon.map({ time < $0.nanoseconds }) ?? true
    else {
      return
    }
    queue.push(.requestArrived(stream: Int32(stream)), at: SimTime(nanoseconds: time))
  }

  /// A closed-loop client sends its first requests, or its first after the warm-up, all at once.
  mutating func sendBurst(_ stream: Int, at time: SimTime) {
    for _ in 0..<min(clients[stream].concurrency, clients[stream].left) {
      clients[stream].left -= 1
      queue.push(.requestArrived(stream: Int32(stream)), at: time)
    }
  }

  /// The next request of a stream, or the first of a conversation, is sent.
  mutating func arrive(_ stream: Int, at time: SimTime) {
    let number = clients[stream].next
    clients[stream].next += deployment.streams[stream].numbering.stride
    if !clients[stream].isClosedLoop { sendNext(stream) }
    if deployment.streams[stream].samples > 1 {
      clients[stream].samplesLeft[number] = deployment.streams[stream].samples
      arrive(sources[stream].sample(0, ofPrompt: number, stream: Int32(stream), arrival: time), at: time)
      return
    }
    if let graph = deployment.streams[stream].graph {
      sendRow(Int(graph.roots[Int(number)]), of: graph, stream, at: time)
      return
    }
    guard let conversations = deployment.streams[stream].conversations else {
      arrive(sources[stream].request(stream: Int32(stream), index: number, arrival: time), at: time)
      return
    }
    clients[stream].conversations[number] = Conversation(
      turns: conversations.turns(of: number), history: conversations.systemPrompts.tokens)
    sendTurn(stream, number, at: time)
  }

  /// A row of a trace whose rows wait for one another is sent.
  private mutating func sendRow(_ row: Int, of graph: RequestGraph, _ stream: Int, at time: SimTime) {
    arrive(sources[stream].request(stream: Int32(stream), index: UInt64(row), arrival: time), at: time)
    release(afterAnswer: false, of: row, graph, stream, at: time)
  }

  /// Rows that waited for a row to be sent, or answered, come nearer; those that wait for nothing else are due.
  private mutating func release(
    afterAnswer: Bool, of row: Int, _ graph: RequestGraph, _ stream: Int, at time: SimTime
  ) {
    for edge in graph.successors(of: row) where edge.afterAnswer == afterAnswer {
      let next = Int(edge.row)
      let due = time + SimDuration(nanoseconds: edge.delayNanoseconds)
      clients[stream].ready[next] = max(clients[stream].ready[next], due)
      clients[stream].waits[next] -= 1
      guard clients[stream].waits[next] == 0 else { continue }
      queue.push(
        .turnDue(stream: Int32(stream), conversation: UInt32(next)), at: clients[stream].ready[next])
    }
  }

  /// A turn of a conversation is sent; one that exceeds the context ends it.
  mutating func sendTurn(_ stream: Int, _ conversation: UInt64, at time: SimTime) {
    if let graph = deployment.streams[stream].graph {
      return sendRow(Int(conversation), of: graph, stream, at: time)
    }
    guard let state = clients[stream].conversations[conversation] else { return }
    let made = sources[stream].request(
      stream: Int32(stream), index: Conversations.request(conversation, turn: state.turn), arrival: time,
      history: state.history)
    guard state.turn == 0 || accepts(made) else {
      clients[stream].conversations[conversation] = nil
      satisfied(stream, at: time)
      return
    }
    arrive(made, at: time)
  }

  /// A client has its answer.
  mutating func answered(_ done: Completion, at time: SimTime) {
    let stream = Int(done.stream)
    guard !isOneOfSeveral(done.index, of: stream) else { return }
    if let graph = deployment.streams[stream].graph {
      release(afterAnswer: true, of: Int(done.index), graph, stream, at: time)
    }
    if let conversations = deployment.streams[stream].conversations,
      proceed(conversations, after: done, at: time)
    {
      return
    }
    satisfied(stream, at: time)
  }

  /// Seconds that a closed-loop client waits at least before it sends a request after one that was turned away.
  static let backOffSeconds = 1.0

  /// A request won't be answered; that ends its conversation.
  ///
  /// `isTurnedAway`: for the load alone, so that its client had better not try again at once.
  mutating func refused(_ request: Request, isTurnedAway: Bool = false, at time: SimTime) {
    let stream = Int(request.stream)
    // The samples that were to follow it never come.
    guard !isOneOfSeveral(request.index, of: stream, lost: 1 + Int(request.forks)) else { return }
    clients[stream].conversations[Conversations.conversation(of: request.index)] = nil
    satisfied(stream, isTurnedAway: isTurnedAway, at: time)
  }

  /// The next turn of a conversation is due a pause after the answer; false when that was its last.
  private mutating func proceed(
    _ conversations: Conversations, after done: Completion, at time: SimTime
  ) -> Bool {
    let stream = Int(done.stream)
    let number = Conversations.conversation(of: done.index)
    guard var state = clients[stream].conversations[number], state.turn + 1 < state.turns else {
      clients[stream].conversations[number] = nil
      return false
    }
    state.turn += 1
    state.history = Int(done.input) + Int(done.output)
    clients[stream].conversations[number] = state
    let due = time + SimDuration(seconds: conversations.pauseSeconds(after: done.index))
    queue.push(.turnDue(stream: done.stream, conversation: UInt32(number)), at: due)
    return true
  }

  /// A client has all its answers: a closed loop sends the next request; after all warm-ups the report begins.
  private mutating func satisfied(_ stream: Int, isTurnedAway: Bool = false, at time: SimTime) {
    guard clients[stream].isClosedLoop else { return }
    if clients[stream].warmingUp > 0 {
      clients[stream].warmingUp -= 1
      if clients[stream].warmingUp == 0 {
        warmUps -= 1
        if warmUps == 0 { queue.push(.reportBegun, at: time) }
      }
    }
    guard clients[stream].left > 0 else { return }
    clients[stream].left -= 1
    let pause =
      isTurnedAway
      ? max(clients[stream].thinkTime, SimDuration(seconds: Self.backOffSeconds)) : clients[stream].thinkTime
    queue.push(.requestArrived(stream: Int32(stream)), at: time + pause)
  }

  /// Whether the client of a sample waits for others of the same prompt; `lost` of them have ended with it.
  private mutating func isOneOfSeveral(_ index: UInt64, of stream: Int, lost: Int = 1) -> Bool {
    guard deployment.streams[stream].samples > 1 else { return false }
    let prompt = Conversations.conversation(of: index)
    let left = (clients[stream].samplesLeft[prompt] ?? lost) - lost
    clients[stream].samplesLeft[prompt] = left > 0 ? left : nil
    return left > 0
  }

  /// Prompts are done which other samples follow: those reach the scheduler of the same replica.
  mutating func fork(to target: Int, at time: SimTime) {
    // Some may be done, and their slots used again.
    let firsts = shop.forking.map { shop.requests[$0] }
    for slot in shop.forking { shop.requests[slot].forks = 0 }
    shop.forking.removeAll(keepingCapacity: true)
    for first in firsts {
      for sample in 1...Int(first.forks) {
        let request = sources[Int(first.stream)].sample(
          sample, ofPrompt: Conversations.conversation(of: first.index), stream: first.stream,
          arrival: first.arrival)
        shop.observations.countArrivals(sent: time, of: request.stream)
        shop.events += 1
        burden(target, with: request)
        handOver(request, to: target, at: time)
      }
    }
  }
}
