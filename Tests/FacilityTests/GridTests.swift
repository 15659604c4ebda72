import Testing

@testable import Facility

@Suite("The battery and the grid")
struct GridTests {
  private func battery(
    capacity: Double = 3.6e9, charge: Double = 1e6, discharge: Double = 1e6, efficiency: Double = 0.81,
    state: Double = 1
  ) throws -> Battery {
    try Battery(
      capacityJoules: capacity, maximumChargeWatts: charge, maximumDischargeWatts: discharge,
      roundTripEfficiency: efficiency, stateOfCharge: state)
  }

  @Test("a round trip by hand loses its share")
  func roundTrip() throws {
    var battery = try battery(capacity: 900, charge: 100, discharge: 200, state: 0)
    // 100 W for 10 s: 900 J arrive.
    let charge = battery.use(watts: -500, seconds: 10)
    #expect(charge.watts == -100)
    #expect(agree(charge.storedWatts, 90))
    #expect(agree(charge.lossWatts, 10))
    #expect(agree(battery.stateOfCharge, 1))
    // Full: nothing more goes in.
    #expect(abs(battery.use(watts: -500, seconds: 10).watts) < 1e-9)
    // 900 J give 810 J, 81 % of the 1000 J.
    let discharge = battery.use(watts: 500, seconds: 10)
    #expect(agree(discharge.watts, 81))
    #expect(agree(discharge.lossWatts, 9))
    #expect(battery.storedJoules < 1e-9)
  }

  @Test("energy is conserved in every interval and over all", arguments: 0..<50)
  func conservation(seed: Int) throws {
    var cases = Cases(seed: seed)
    var policy = GridPolicy()
    policy.limitWatts = cases.number(3e6, 5e6)
    policy.rampUpWattsPerSecond = cases.number(1e3, 1e5)
    policy.rampDownWattsPerSecond = cases.number(1e3, 1e5)
    policy.restingStateOfCharge = cases.number(0, 1)
    policy.events = [.init(startSeconds: 500, seconds: 300, limitWatts: 2e6)]
    var controller = try GridController(
      battery: battery(efficiency: cases.number(0.5, 1), state: cases.number(0, 1)), policy: policy)
    let before = controller.battery.storedJoules
    var (grid, load, loss, time) = (CompensatedSum(), CompensatedSum(), CompensatedSum(), 0.0)
    for _ in 0..<5000 {
      let seconds = cases.number(0.01, 2)
      let watts = cases.number(1e6, 6e6)
      let interval = controller.step(loadWatts: watts, startSeconds: time, seconds: seconds)
      let use = interval.battery
      #expect(abs(use.watts + use.lossWatts + use.storedWatts) <= 1e-12 * watts)
      #expect(abs(interval.gridWatts + use.watts - watts) <= 1e-12 * watts)
      #expect(use.lossWatts >= 0 && abs(use.watts) <= 1e6)
      grid += interval.gridWatts * seconds
      load += watts * seconds
      loss += use.lossWatts * seconds
      time += seconds
    }
    let rest = grid.value - load.value - loss.value - (controller.battery.storedJoules - before)
    #expect(abs(rest) <= 1e-12 * grid.value)
    #expect(controller.battery.stateOfCharge >= 0 && controller.battery.stateOfCharge <= 1)
  }

  @Test("peaks are shaved while charge lasts, and then the excess is told")
  func shaving() throws {
    var policy = GridPolicy()
    policy.limitWatts = 5e6
    // 900 kWh leave the terminals: an hour at 900 kW.
    var controller = try GridController(battery: battery(), policy: policy)
    for second in 0..<3600 {
      let interval = controller.step(loadWatts: 5.9e6, startSeconds: Double(second), seconds: 1)
      #expect(agree(interval.gridWatts, 5e6, within: 1e-9))
      #expect(interval.excessWatts < 1)
    }
    let after = controller.step(loadWatts: 5.9e6, startSeconds: 3600, seconds: 1)
    #expect(agree(after.excessWatts, 9e5, within: 1e-6))
    // Below the limit it charges with what is left of it, up to its power.
    #expect(agree(controller.step(loadWatts: 4.5e6, startSeconds: 3601, seconds: 1).battery.watts, -5e5))
    #expect(agree(controller.step(loadWatts: 3e6, startSeconds: 3602, seconds: 1).gridWatts, 4e6))
  }

  @Test("a full battery that nothing is asked of does nothing")
  func rest() throws {
    var controller = try GridController(battery: battery(), policy: GridPolicy())
    let interval = controller.step(loadWatts: 3e6, startSeconds: 0, seconds: 60)
    #expect(interval.gridWatts == 3e6)
    #expect(interval.battery.lossWatts == 0)
    var policy = GridPolicy()
    policy.recoveryWatts = 1000
    controller = try GridController(battery: battery(state: 0.5), policy: policy)
    #expect(agree(controller.step(loadWatts: 3e6, startSeconds: 0, seconds: 60).battery.watts, -1000))
  }

  @Test("a square wave becomes ramps that keep their limits", arguments: [0.1, 0.25, 1])
  func ramps(seconds: Double) throws {
    var policy = GridPolicy()
    policy.rampUpWattsPerSecond = 60_000
    policy.rampDownWattsPerSecond = 120_000
    policy.restingStateOfCharge = 0.5
    policy.recoveryWatts = 1e6
    // 3 MW of rise at 60 kW/s need 75 MJ; the battery holds 1.8 GJ and recovers between the swings.
    var controller = try GridController(
      battery: battery(charge: 5e6, discharge: 5e6, state: 0.5), policy: policy)
    var previous: Double?
    for index in 0..<20_000 {
      let time = Double(index) * seconds
      let load = Int(time / 100) % 2 == 0 ? 2e6 : 5e6
      let interval = controller.step(loadWatts: load, startSeconds: time, seconds: seconds)
      #expect(interval.rampExcessWatts == 0)
      if let previous {
        #expect(interval.gridWatts - previous <= 60_000 * seconds + 1e-3)
        #expect(previous - interval.gridWatts <= 120_000 * seconds + 1e-3)
      }
      previous = interval.gridWatts
    }
  }

  @Test("the draw falls before an event so that it meets the limit without a steeper ramp")
  func events() throws {
    var policy = GridPolicy()
    policy.rampDownWattsPerSecond = 10_000
    policy.events = [.init(startSeconds: 600, seconds: 900, limitWatts: 3e6)]
    var controller = try GridController(battery: battery(), policy: policy)
    var previous = 3.8e6
    for second in 0..<2000 {
      let interval = controller.step(loadWatts: 3.8e6, startSeconds: Double(second), seconds: 1)
      #expect(interval.excessWatts == 0 && interval.rampExcessWatts == 0)
      #expect(previous - interval.gridWatts <= 10_000 + 1e-3)
      if (600..<1500).contains(second) { #expect(interval.gridWatts <= 3e6 + 1e-3) }
      // 800 kW take 80 s.
      if second < 519 { #expect(interval.gridWatts == 3.8e6) }
      previous = interval.gridWatts
    }
  }

  @Test("what the battery cannot hold is told")
  func excess() throws {
    var policy = GridPolicy()
    policy.rampUpWattsPerSecond = 1000
    var controller = try GridController(battery: battery(state: 0), policy: policy)
    _ = controller.step(loadWatts: 2e6, startSeconds: 0, seconds: 1)
    let interval = controller.step(loadWatts: 6e6, startSeconds: 1, seconds: 1)
    #expect(interval.rampExcessWatts > 1e6)
    #expect(
      message {
        policy.events = [.init(startSeconds: 0, seconds: 0, limitWatts: 1)]
        _ = try GridController(battery: battery(), policy: policy)
      } == "length of an event is 0.0; a finite number above 0 is allowed")
    #expect(
      message { _ = try battery(efficiency: 1.2) }.hasPrefix("round-trip efficiency of the battery is 1.2"))
  }
}

@Suite("Power smoothing")
struct SmoothingTests {
  @Test("a floor, a slow fall and its hysteresis by hand")
  func byHand() throws {
    var smoothing = try PowerSmoothing(floorWatts: 300, rampDownWattsPerSecond: 100, hysteresisSeconds: 2)
    var outputs: [Double] = []
    var burns: [Double] = []
    for wanted in [1000.0, 200, 200, 200, 200, 950, 200, 200, 200] {
      let interval = smoothing.step(wantedWatts: wanted, seconds: 1)
      outputs.append(interval.outputWatts)
      burns.append(interval.burnWatts)
      #expect(interval.heldBackWatts == 0)
    }
    // Two seconds of waiting, then 100 W a second; new work begins the waiting anew.
    #expect(outputs == [1000, 1000, 1000, 900, 800, 950, 950, 950, 850])
    #expect(burns == [0, 800, 800, 700, 600, 0, 750, 750, 650])
  }

  @Test("without ramps only the floor is left; with a limit of the rise work is held back")
  func floor() throws {
    var floor = try PowerSmoothing(floorWatts: 300)
    #expect(
      [1000.0, 100, 400].map { floor.step(wantedWatts: $0, seconds: 1).outputWatts } == [1000, 300, 400])
    var rise = try PowerSmoothing(floorWatts: 300, rampUpWattsPerSecond: 200)
    _ = rise.step(wantedWatts: 0, seconds: 1)
    let interval = rise.step(wantedWatts: 1000, seconds: 2)
    #expect(interval == .init(outputWatts: 700, burnWatts: 0, heldBackWatts: 300))
  }

  @Test("power is never below the floor or the work, and never falls too fast", arguments: 0..<100)
  func random(seed: Int) throws {
    var cases = Cases(seed: seed)
    let fall = cases.number(10, 1000)
    let rise = cases.count(0, 1) == 0 ? nil : cases.number(10, 1000)
    var smoothing = try PowerSmoothing(
      floorWatts: cases.number(0, 500), rampUpWattsPerSecond: rise, rampDownWattsPerSecond: fall,
      hysteresisSeconds: cases.number(0, 1))
    var previous: Double?
    for _ in 0..<500 {
      let wanted = cases.number(0, 1000)
      let seconds = cases.number(0.01, 0.5)
      let interval = smoothing.step(wantedWatts: wanted, seconds: seconds)
      #expect(interval.outputWatts >= smoothing.floorWatts)
      #expect(interval.outputWatts >= wanted - interval.heldBackWatts - 1e-9)
      #expect(interval.burnWatts >= 0 && interval.heldBackWatts >= 0)
      #expect(abs(interval.outputWatts - (wanted - interval.heldBackWatts + interval.burnWatts)) < 1e-9)
      if rise == nil { #expect(interval.heldBackWatts == 0) }
      if let previous {
        #expect(previous - interval.outputWatts <= fall * seconds + 1e-9)
        if let rise { #expect(interval.outputWatts - previous <= rise * seconds + 1e-9) }
      }
      previous = interval.outputWatts
    }
  }
}
