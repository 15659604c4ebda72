#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Outdoor dry-bulb temperature over time.
public enum Climate: Sendable, Equatable {
  /// The same temperature always, in °C.
  case constant(celsius: Double)
  /// A mean with a yearly and a daily wave.
  case seasonal(SeasonalClimate)
  /// A series of temperatures in °C, which repeats.
  case series(HourlySeries)

  /// The temperature at a moment.
  ///
  /// - Parameter seconds: Seconds from the start of the year.
  /// - Returns: The temperature in °C.
  public func celsius(atSeconds seconds: Double) -> Double {
    switch self {
    case .constant(let celsius): celsius
    case .seasonal(let climate): climate.celsius(atSeconds: seconds)
    case .series(let series): series.value(atHour: seconds / 3600)
    }
  }
}

/// A synthetic climate: a yearly mean, a wave over the year and one over the day.
///
/// T = mean + yearly · cos(2π (day − hottest day) / 365) + daily · cos(2π (hour − hottest hour) / 24).
public struct SeasonalClimate: Sendable, Equatable {
  /// Mean of the year, in °C.
  public var meanCelsius: Double
  /// Half of the difference between the hottest and the coldest day's means, in kelvin.
  public var yearlyAmplitudeKelvin: Double
  /// Half of the difference between a day's hottest and coldest hour, in kelvin.
  public var dailyAmplitudeKelvin: Double
  /// The hottest day, from the start of the year; 200, in July, is an assumption for the northern hemisphere.
  public var hottestDay = 200.0
  /// The hottest hour of a day; 15 is an assumption.
  public var hottestHour = 15.0

  /// A climate.
  ///
  /// - Parameters:
  ///   - meanCelsius: Mean of the year, in °C.
  ///   - yearlyAmplitudeKelvin: Half of the swing of daily means over the year, in kelvin.
  ///   - dailyAmplitudeKelvin: Half of the swing over a day, in kelvin.
  public init(meanCelsius: Double, yearlyAmplitudeKelvin: Double, dailyAmplitudeKelvin: Double) {
    self.meanCelsius = meanCelsius
    self.yearlyAmplitudeKelvin = yearlyAmplitudeKelvin
    self.dailyAmplitudeKelvin = dailyAmplitudeKelvin
  }

  /// The temperature at a moment.
  ///
  /// - Parameter seconds: Seconds from the start of the year.
  /// - Returns: The temperature in °C.
  public func celsius(atSeconds seconds: Double) -> Double {
    let days = seconds / 86_400
    let year = cos(2 * .pi * (days - hottestDay) / 365)
    let day = cos(2 * .pi * (days - hottestHour / 24))
    return meanCelsius + yearlyAmplitudeKelvin * year + dailyAmplitudeKelvin * day
  }
}
