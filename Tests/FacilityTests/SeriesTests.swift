import Testing

@testable import Facility

@Suite("Hourly series and climates")
struct SeriesTests {
  @Test("linear and step reading, wrapping around both ends")
  func reading() throws {
    let linear = try HourlySeries(values: [10, 20, 40, 30])
    #expect(linear.periodHours == 4)
    for (hour, value) in [
      (0.0, 10.0), (0.5, 15), (2, 40), (2.5, 35), (3.5, 20), (4, 10), (-0.5, 20), (400.5, 15),
    ] {
      #expect(agree(linear.value(atHour: hour), value), "hour \(hour)")
    }
    let step = try HourlySeries(values: [10, 20, 40, 30], stepHours: 6, reading: .step)
    for (hour, value) in [(0.0, 10.0), (5.9, 10), (6, 20), (23.9, 30), (24, 10), (-1, 30), (-24, 10)] {
      #expect(step.value(atHour: hour) == value, "hour \(hour)")
    }
  }

  @Test("means over intervals by hand")
  func means() throws {
    let step = try HourlySeries(values: [10, 20, 40, 30], reading: .step)
    #expect(agree(step.mean(startSeconds: 1800, seconds: 3600), 15))
    #expect(agree(step.mean(startSeconds: 3.5 * 3600, seconds: 3600), 20))
    #expect(
      agree(
        step.mean(startSeconds: 3600, seconds: 9 * 3600), (20 + 40 + 30 + 100 + 10 + 20 + 5) / 9 - 5.0 / 9))
    #expect(step.mean(startSeconds: 3600, seconds: 0) == 20)
    let linear = try HourlySeries(values: [10, 20, 40, 30])
    // 15 to 20 in half an hour, 20 to 30 in the next.
    #expect(agree(linear.mean(startSeconds: 1800, seconds: 3600), (17.5 + 25) / 2))
    #expect(agree(linear.mean(startSeconds: 0, seconds: 4 * 3600), 25))
  }

  @Test("means are what fine sampling finds", arguments: 0..<50)
  func sampled(seed: Int) throws {
    var cases = Cases(seed: seed)
    let values = (0..<cases.count(1, 6)).map { _ in cases.number(-20, 40) }
    let series = try HourlySeries(
      values: values, stepHours: cases.number(0.2, 3), reading: seed % 2 == 0 ? .linear : .step)
    let start = cases.number(-50, 50) * 3600
    let seconds = cases.number(0.01, 30) * 3600
    let samples = 100_000
    var sum = 0.0
    for index in 0..<samples {
      sum += series.value(atHour: (start + seconds * (Double(index) + 0.5) / Double(samples)) / 3600)
    }
    #expect(abs(series.mean(startSeconds: start, seconds: seconds) - sum / Double(samples)) < 0.02)
  }

  @Test("CSV of one and of two columns, with and without a header")
  func csv() throws {
    let one = try HourlySeries(csv: "price\n10\r\n20\n\n# night\n 30 \n", reading: .step)
    #expect(one.values == [10, 20, 30])
    #expect(one.stepHours == 1)
    #expect(one.reading == .step)
    let two = try HourlySeries(csv: "hour,celsius\n0,5\n0.5,6.5\n1.0,-7e0\n")
    #expect(two.values == [5, 6.5, -7])
    #expect(two.stepHours == 0.5)
    #expect(try HourlySeries(csv: "0,4").values == [4])
  }

  @Test(
    "CSV errors say the line, what was found and what is allowed",
    arguments: [
      ("10\nx\n", "line 2: found \"x\"; a finite number is allowed"),
      ("hour,price\n0,1\n1,\n", "line 3: found \"\"; a finite number is allowed"),
      ("1\nnan\n", "line 2: found \"nan\"; a finite number is allowed"),
      ("1\n2,3\n", "line 2: found 2 columns; 1 as in the lines above is allowed"),
      ("0,3\n4\n", "line 2: found 1 column; 2 as in the lines above are allowed"),
      ("1,2,3\n", "line 1: found 3 columns; 1 or 2 are allowed"),
      ("1,2\n", "line 1: found hour 1.0 first; hour 0 is allowed"),
      ("0,2\n0,3\n", "line 2: found hour 0.0 after hour 0; a later hour is allowed"),
      ("0,2\n1,3\n\n3,3\n", "line 4: found hour 3.0; hour 2.0 is allowed, 1.0 h after the one before"),
      ("price\n", "line 2: found no values; at least one line with a number is allowed"),
    ])
  func csvErrors(text: String, expected: String) {
    #expect(message { _ = try HourlySeries(csv: text) } == expected)
  }

  @Test("series that are none are refused")
  func refusals() {
    #expect(message { _ = try HourlySeries(values: []) } == "a series has no values; at least 1 is allowed")
    #expect(message { _ = try HourlySeries(values: [.infinity]) }.contains("inf"))
    #expect(message { _ = try HourlySeries(values: [1], stepHours: 0) }.contains("above 0"))
  }

  @Test("a seasonal climate has its mean, its hottest and its coldest hour")
  func climate() throws {
    let climate = Climate.seasonal(
      SeasonalClimate(meanCelsius: 11, yearlyAmplitudeKelvin: 9, dailyAmplitudeKelvin: 4))
    #expect(agree(climate.celsius(atSeconds: (200 * 24 + 15) * 3600), 24, within: 1e-3))
    var sum = 0.0
    var hottest = -100.0
    for hour in 0..<8760 {
      let celsius = climate.celsius(atSeconds: (Double(hour) + 0.5) * 3600)
      sum += celsius
      hottest = max(hottest, celsius)
    }
    #expect(agree(sum / 8760, 11, within: 1e-9))
    #expect(hottest <= 24)
    #expect(Climate.constant(celsius: 7).celsius(atSeconds: 5) == 7)
    let series = Climate.series(try HourlySeries(values: [0, 10]))
    #expect(agree(series.celsius(atSeconds: 1800), 5))
  }
}
