import Hardware
import Models
import Quantities

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The work of one kernel on one accelerator.
struct KernelWork {
  /// Multiplications and additions.
  var flops = 0.0
  /// Bytes of weights or cached context that it reads.
  var weightBytes = 0.0
  /// Bytes of activations that it reads and writes.
  var activationBytes = 0.0
  /// The type that it multiplies.
  var type = Models.ComputeType.bf16
  /// Launches.
  var launches = 1.0
}

/// Turns work into time and energy on one accelerator type: the roofline with efficiencies.
struct Roofline: Sendable {
  let accelerator: AcceleratorSpecification
  let efficiencies: EfficiencyTable
  /// Accelerators that do the same at the same time; energy counts them all.
  let accelerators: Int

  /// The dense peak for a multiplied type, in FLOP/s; nil where the hardware has none.
  func peak(_ type: Models.ComputeType) -> Double? {
    let hardware = Hardware.ComputeType(rawValue: type.rawValue)
    return hardware.flatMap { accelerator.peakRates[$0]?.si }
  }

  /// The cost of a kernel: launch + smooth maximum of the time that compute and memory need.
  ///
  /// Time beyond the launches is shared between compute and memory as they contribute to the smooth maximum.
  func cost(_ work: KernelWork, _ operatorClass: OperatorClass, lane: CostLane) -> CostVector {
    let efficiency = efficiencies.efficiency(operatorClass, type: work.type)
    let peak = peak(work.type) ?? accelerator.peakRates.bf16.si
    let bandwidth = accelerator.memoryBandwidth.si
    let compute = work.flops / (peak * efficiency.compute)
    let memory =
      work.weightBytes / (bandwidth * efficiency.memory)
      + work.activationBytes / (bandwidth * efficiency.activation)
    let launch = work.launches * efficiency.launchSeconds
    let p = efficiency.sharpness
    let computePower = pow(compute, p)
    let memoryPower = pow(memory, p)
    let sum = computePower + memoryPower
    let busy = sum > 0 ? pow(sum, 1 / p) : 0

    var cost = CostVector.zero
    cost[.time] = launch + busy
    cost[.launch] = launch
    if sum > 0 {
      cost[.compute] = busy * computePower / sum
      cost[.memory] = busy * memoryPower / sum
      let computeShare = work.flops / (busy * peak)
      let memoryShare = (work.weightBytes + work.activationBytes) / (busy * bandwidth)
      cost[.energy] = busy * watts(computeShare: computeShare, memoryShare: memoryShare)
    }
    cost[.energy] += launch * idleBusyWatts
    cost[lane] = cost[.time]
    return cost
  }

  /// The cost of time in which kernels wait: framework work or links.
  func waiting(seconds: Double, limit: CostLane, lane: CostLane) -> CostVector {
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[limit] = seconds
    cost[lane] = seconds
    cost[.energy] = seconds * idleBusyWatts
    return cost
  }

  /// Power above idle of all accelerators while a kernel reaches these shares of peak FLOP/s and bandwidth.
  private func watts(computeShare: Double, memoryShare: Double) -> Double {
    let power = efficiencies.power
    let share = power.busy + power.compute * computeShare + power.memory * memoryShare
    return range * min(1, share)
  }

  private var idleBusyWatts: Double { range * efficiencies.power.launch }

  private var range: Double {
    Double(accelerators) * (accelerator.thermalDesignPower.si - accelerator.idlePower.si)
  }
}
