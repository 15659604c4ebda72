import CostModel
import Hardware
import Quantities
import Simulation

extension ReplicaDesign {
  /// Levels between what accelerators draw without work and what they are held to anyway, falling from that.
  ///
  /// Steps of a twentieth of the thermal design power: as fine as power controllers are set in practice, and few enough to
  /// tabulate.
  func powerLevels(_ tabulate: (ReplicaDesign) -> StepCostTable) -> [PowerLevel] {
    let (idle, design) = (system.accelerator.idlePower.si, system.accelerator.thermalDesignPower.si)
    let full = clocks.powerLimitWatts ?? design
    var levels = [PowerLevel(watts: full, cost: tabulate(self))]
    for step in stride(from: 19, to: 0, by: -1) {
      let watts = design * Double(step) / 20
      guard watts < full, watts > idle + 0.05 * (design - idle) else { continue }
      var held = self
      held.clocks = ClockLimits(powerLimitWatts: watts, clock: clocks.clock)
      levels.append(PowerLevel(watts: watts, cost: tabulate(held)))
    }
    return levels
  }
}
