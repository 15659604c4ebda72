import CostModel
import Hardware
import Quantities
import Simulation

extension ReplicaDesign {
  /// Levels between what accelerators draw without work and what they are held to anyway, falling from that.
  ///
  /// Steps of a twentieth of the thermal design power: as fine as power controllers are set in practice, and few enough to
  /// tabulate.
  func powerLevels(_ tabulate: @escaping @Sendable (ReplicaDesign) -> StepCostTable) -> [PowerLevel] {
    let (idle, design) = (system.accelerator.idlePower.si, system.accelerator.thermalDesignPower.si)
    let full = clocks.powerLimitWatts ?? design
    let own = self
    var levels = [PowerLevel(watts: full) { tabulate(own) }]
    for step in stride(from: 19, to: 0, by: -1) {
      let watts = design * Double(step) / 20
      guard watts < full, watts > idle + 0.05 * (design - idle) else { continue }
      let limits = ClockLimits(powerLimitWatts: watts, clock: clocks.clock)
      levels.append(
        PowerLevel(watts: watts) {
          var held = own
          held.clocks = limits
          return tabulate(held)
        })
    }
    return levels
  }
}
