import Documents
import Facility
import Foundation
import Quantities

/// Reads what changes over the hours of a year: climate, prices, carbon.
struct SeriesReader {
  let paths: PathBase
  let problems: ProblemCollector

  /// A climate with its echo.
  struct ClimateDraft {
    var climate: Climate
    var hottestCelsius: Double
    var echo: JSONValue
  }

  private static let standard = 15.0
  private static let celsius = -100.0...100.0

  /// The climate; the default also where something is wrong, which is recorded.
  func climate(_ field: Field) -> ClimateDraft {
    let missing = constant(Self.standard, "default: an assumption")
    guard var reader = field.mapping() else { return missing }
    let forms = ["celsius", "mean_celsius", "file"].filter { reader.has($0) }
    guard forms.count == 1 else {
      field.refuse(
        forms.isEmpty
          ? "the climate has no temperature"
          : "the climate is stated twice: "
            + forms.joined(separator: ", "), allowed: "exactly one of celsius, mean_celsius, file")
      return missing
    }
    defer { reader.finish() }
    switch forms[0] {
    case "celsius":
      let value = reader.optional("celsius").double(in: Self.celsius)
      return constant(value ?? Self.standard, "stated in the scenario")
    case "file":
      let fileField = reader.optional("file")
      guard let series = self.series(fileField, reading: .linear, in: Self.celsius) else { return missing }
      return ClimateDraft(
        climate: .series(series), hottestCelsius: series.values.max() ?? Self.standard,
        echo: echo(fileField, series))
    default:
      return seasonal(&reader)
    }
  }

  private func constant(_ celsius: Double, _ source: String) -> ClimateDraft {
    ClimateDraft(
      climate: .constant(celsius: celsius), hottestCelsius: celsius,
      echo: ["celsius": .double(celsius), "celsius_source": .string(source)])
  }

  private func seasonal(_ reader: inout MappingReader) -> ClimateDraft {
    let mean = reader.optional("mean_celsius").double(in: Self.celsius) ?? Self.standard
    let yearly = reader.optional("yearly_amplitude_kelvin").double(in: 0...50) ?? 0
    let daily = reader.optional("daily_amplitude_kelvin").double(in: 0...50) ?? 0
    var climate = SeasonalClimate(
      meanCelsius: mean, yearlyAmplitudeKelvin: yearly, dailyAmplitudeKelvin: daily)
    climate.hottestDay = reader.optional("hottest_day").double(in: 0...365) ?? climate.hottestDay
    climate.hottestHour = reader.optional("hottest_hour").double(in: 0...24) ?? climate.hottestHour
    return ClimateDraft(
      climate: .seasonal(climate), hottestCelsius: mean + yearly + daily,
      echo: [
        "mean_celsius": .double(mean), "yearly_amplitude_kelvin": .double(yearly),
        "daily_amplitude_kelvin": .double(daily), "hottest_day": .double(climate.hottestDay),
        "hottest_hour": .double(climate.hottestHour),
      ])
  }

  /// Dollars per kWh.
  func price(_ field: Field) -> (series: HourlySeries, echo: JSONValue)? {
    hourly(field, in: -1e6...1e6) { field in
      field.quantity(DollarsPerMegawattHour.self).map { $0.dollarsPerMegawattHour / 1000 }
    }.map { ($0.series, $0.file ?? ["dollars_per_kwh": .double($0.series.values[0])]) }
  }

  /// Grams of CO2 per kWh.
  func carbon(_ field: Field) -> (series: HourlySeries, echo: JSONValue)? {
    hourly(field, in: 0...1e6) { $0.double(in: 0...1e6) }
      .map { ($0.series, $0.file ?? .double($0.series.values[0])) }
  }

  /// One value, or `{ file }` whose values hold for their hours.
  private func hourly(
    _ field: Field, in range: ClosedRange<Double>, _ one: (Field) -> Double?
  ) -> (series: HourlySeries, file: JSONValue?)? {
    guard field.node?.entries != nil else {
      guard let value = one(field), let series = try? HourlySeries(values: [value]) else { return nil }
      return (series, nil)
    }
    guard var reader = field.mapping() else { return nil }
    let fileField = reader.required("file")
    reader.finish()
    return series(fileField, reading: .step, in: range).map { ($0, echo(fileField, $0)) }
  }

  private func echo(_ field: Field, _ series: HourlySeries) -> JSONValue {
    [
      "file": .string(field.string() ?? ""), "values": .int(series.values.count),
      "step_hours": .double(series.stepHours),
    ]
  }

  /// A file of values; a bad line is a problem of the file's own.
  private func series(
    _ field: Field, reading: HourlySeries.Reading, in range: ClosedRange<Double>
  ) -> HourlySeries? {
    guard let path = paths.path(field) else { return nil }
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8)
    else {
      field.reject(FileManager.default.fileExists(atPath: path) ? "can't be read as text" : "no such file")
      return nil
    }
    do {
      let series = try HourlySeries(csv: text, reading: reading)
      guard let wrong = series.values.first(where: { !range.contains($0) }) else { return series }
      problems.record(
        Problem(
          file: path, found: "'\(plain(wrong))'", message: "out of range",
          allowed: "\(plain(range.lowerBound)) to \(plain(range.upperBound))"))
    } catch {
      problems.record(Problem(file: path, line: error.line, message: error.message))
    }
    return nil
  }
}
