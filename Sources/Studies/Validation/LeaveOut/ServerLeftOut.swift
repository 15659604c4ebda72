import Hardware
import Quantities

/// Wall power of servers by what other servers draw beside their accelerators.
///
/// The catalogue anchors a server's node power to its own wall-power log, where there is one. What a server without a log
/// may be off by shows where each is predicted by the others: what they draw beside their accelerators is a line over the
/// watts of these (boards, processors and network at the foot; fans, regulators and supplies by the slope), and so much is
/// added to the simulated power of the server's own accelerators.
enum ServerLeftOut {
  /// Measured wall power beside what the other servers' lines predict; none unless at least two systems were measured.
  static func comparisons(_ results: [PointResult], _ catalogue: SystemCatalogue) -> [Comparison] {
    let measured = results.filter { $0.point.measured[.nodePower] != nil }
    let names = Set(measured.map(\.point.system)).sorted()
    let systems = names.compactMap { catalogue.system($0) }
    return measured.compactMap { result in
      guard let own = systems.first(where: { $0.id == result.point.system }),
        let gpuWatts = result.predicted?[.gpuPower], let watts = result.point.measured[.nodePower]
      else { return nil }
      let lines = systems.filter { $0.id != own.id }.map(NodeLine.init)
      guard !lines.isEmpty else { return nil }
      let accelerators = Double(result.point.accelerators)
      let nodes = (accelerators / Double(own.node.accelerators)).rounded(.up)
      let each = accelerators / nodes * gpuWatts
      let beside = lines.reduce(0) { $0 + $1.watts(acceleratorWatts: each) } / Double(lines.count)
      return Comparison(
        point: result.point, column: .nodePower, measured: watts, predicted: nodes * (each + beside))
    }
  }

  /// What a node draws beside its accelerators, over what these draw.
  private struct NodeLine {
    let foot: Double
    let slope: Double

    init(_ system: SystemSpecification) {
      let count = Double(system.node.accelerators)
      let (idle, peak) = (system.node.idlePower.si, system.node.peakPower.si)
      let low = count * system.accelerator.idlePower.si
      let high = count * system.accelerator.thermalDesignPower.si
      slope = (peak - idle) / (high - low)
      foot = idle - slope * low
    }

    func watts(acceleratorWatts: Double) -> Double { foot + slope * acceleratorWatts }
  }
}
