import CostModel
import Foundation
import Hardware
import Quantities
import Scenario

extension PowerCalibration {
  /// Systems of an architecture's silicon in another board, whose watts are the same over another range.
  ///
  /// Blackwell Ultra has the dies and the memory bandwidth of Blackwell, and a higher limit: at the same work it draws the same.
  private static let sameSilicon = [
    (system: "gb200-nvl72", architecture: 1), (system: "b300-sxm", architecture: 1),
    (system: "gb300-nvl72", architecture: 1),
  ]

  /// The coefficients by system or architecture at a point; `other` takes those of the first architecture.
  func powers(at point: [Double]) -> [String: PowerCoefficients] {
    var powers: [String: PowerCoefficients] = [:]
    for (index, name) in PowerParameters.architectures.enumerated() {
      powers[name] = Self.rounded(PowerParameters.coefficients(point, index))
    }
    for (system, architecture) in Self.sameSilicon {
      if let scale = rangeRatio(architecture, system) {
        powers[system] = Self.rounded(PowerParameters.coefficients(point, architecture), times: scale)
      }
    }
    powers["other"] = powers[PowerParameters.architectures[0]]
    return powers
  }

  /// The range between idle and thermal design power of an architecture's reference system over that of another.
  private func rangeRatio(_ architecture: Int, _ other: String) -> Double? {
    func range(_ name: String) -> Double? {
      catalogue.systems.system(name).map {
        $0.accelerator.thermalDesignPower.si - $0.accelerator.idlePower.si
      }
    }
    guard let own = range(PowerParameters.references[architecture]), let its = range(other) else {
      return nil
    }
    return own / its
  }

  /// Three digits: more than a fit knows.
  private static func rounded(_ power: PowerCoefficients, times scale: Double = 1) -> PowerCoefficients {
    func digits(_ value: Double) -> Double { Double(String(format: "%.3g", value * scale)) ?? value * scale }
    func kernel(_ kernel: KernelPower) -> KernelPower {
      KernelPower(busy: digits(kernel.busy), compute: digits(kernel.compute), memory: digits(kernel.memory))
    }
    return PowerCoefficients(
      gemm: kernel(power.gemm), classes: power.classes.mapValues(kernel),
      launch: min(1, digits(power.launch)),
      host: min(1, digits(power.host)), exchange: min(1, digits(power.exchange)),
      sort: min(1, digits(power.sort)), limit: power.limit)
  }

  /// The section `power` of the priors, with how well it does and what chose it.
  func text(at line: Line, leftOut: [Double], _ spreads: PowerSpreads) -> String {
    let powers = powers(at: line.point)
    var lines = [
      "power:",
      "  # Fitted by tokenmill calibrate --power. Spreads of logarithms that models left out chose: classes \(spreads.classes), "
        + "architectures \(spreads.architectures); kernels of a class count as \(spreads.kernels) runs.",
    ]
    for group in runs.groups {
      lines.append(
        "  # \(group.system), \(group.model): \(group.runs.count) runs, median error "
          + "\(Self.percent(Self.median(group.runs.map { line.ratios[$0] }))), from the others "
          + "\(Self.percent(Self.median(group.runs.map { leftOut[$0] })))")
    }
    for (index, name) in PowerParameters.architectures.enumerated() {
      guard let power = powers[name] else { continue }
      lines += Self.lines(name, power, source: source(index, power, line, leftOut))
    }
    for (system, architecture) in Self.sameSilicon {
      guard let power = powers[system], let scale = rangeRatio(architecture, system) else { continue }
      let measured =
        kernels.error(of: system, with: power).map { error in
          "\(kernels.count(of: system)) kernels, median error \(Self.percent(error))"
        } ?? "no measured power"
      lines += Self.lines(
        system, power,
        source: "\(PowerParameters.architectures[architecture])'s watts over another range, "
          + "\(String(format: "%.2f", scale)) of it: the same silicon; \(measured)"
      )
    }
    if let power = powers["other"] {
      lines += Self.lines("other", power, source: "as \(PowerParameters.architectures[0])")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func source(
    _ architecture: Int, _ power: PowerCoefficients, _ line: Line, _ leftOut: [Double]
  ) -> String {
    let system = PowerParameters.references[architecture]
    let errors = PowerParameters.classes.compactMap { operatorClass in
      kernels.error(of: system, operatorClass, with: power).map {
        "\(operatorClass.rawValue) \(Self.percent($0))"
      }
    }
    let own = runs.indices(of: architecture)
    return
      "\(kernels.count(of: system)) kernels of \(system) (median error: \(errors.joined(separator: ", "))) and "
      + "\(own.count) runs of the fit half (\(Self.percent(Self.median(own.map { line.ratios[$0] }))), each model from the others "
      + "\(Self.percent(Self.median(own.map { leftOut[$0] }))))"
  }

  private static func lines(_ name: String, _ power: PowerCoefficients, source: String) -> [String] {
    func number(_ value: Double) -> String { String(format: "%.3g", value) }
    func kernel(_ name: String, _ kernel: KernelPower) -> String {
      "    \(name): { busy: \(number(kernel.busy)), compute: \(number(kernel.compute)), memory: \(number(kernel.memory)) }"
    }
    return ["  \(name):"]
      + PowerParameters.classes.map { kernel($0.rawValue, power.kernel($0)) } + [
        "    launch: \(number(power.launch))", "    host: \(number(power.host))",
        "    exchange: \(number(power.exchange))", "    sort: \(number(power.sort))",
        "    limit: \(number(power.limit))",
        "    source: \"\(source)\"",
      ]
  }
}
