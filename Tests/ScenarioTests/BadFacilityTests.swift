import Testing

@Suite("Facilities that are refused")
struct BadFacilityTests {
  @Test(arguments: cases) func messages(input: BadInput) throws { try input.check() }

  /// The base with a facility, and what is wrong with it below `site.facility`.
  private static func bad(_ title: String, _ facility: String, _ messages: String...) -> BadInput {
    BadInput(
      title, [3: "site: { system: h100-sxm, nodes: 1, facility: \(facility) }"],
      messages.map { $0.hasPrefix(".") ? "scenario.yaml:3: site.facility" + $0 : $0 })
  }

  private static let cases: [BadInput] = [
    bad(
      "unknown key", "{ coolng: {} }",
      ".coolng: unknown key; allowed: cooling, electrical, mechanical_above, climate, design_celsius, start_hour, limits, battery, price, carbon_grams_per_kwh, smoothing, other_load; did you mean 'cooling'?"
    ),
    bad(
      "unknown method", "{ cooling: { method: water } }",
      ".cooling.method: found 'water', not a known name; allowed: liquid, air, constant"),
    bad(
      "a key of another method", "{ cooling: { method: constant, air_share: 0.1 } }",
      ".cooling.air_share: unknown key; allowed: method, overhead"),
    bad(
      "an economiser upside down",
      "{ cooling: { method: air, economiser_all_below_celsius: 20, economiser_none_above_celsius: 10 } }",
      ".cooling: economiser's upper temperature is 10.0; 20.0 to 100.0 is allowed"),
    bad(
      "redundancy without a number", "{ electrical: [{ name: ups, redundancy: N+1 }] }",
      ".electrical[0].redundancy: found 'N+1', how many units are needed is not said; allowed: none, 2N, or needed and spare units, such as 4+1; for example '4+1'"
    ),
    bad(
      "unknown redundancy", "{ electrical: [{ name: ups, redundancy: twice }] }",
      ".electrical[0].redundancy: found 'twice', not a redundancy; allowed: none, 2N, or needed and spare units, such as 4+1"
    ),
    bad(
      "a curve without anything", "{ electrical: [{ name: ups, curve: {} }] }",
      ".electrical[0].curve: a curve has an efficiency or points; allowed: one of efficiency, points"),
    bad(
      "points that descend",
      "{ electrical: [{ name: ups, curve: { points: [[50 %, 96 %], [25 %, 95 %]] } }] }",
      ".electrical[0].curve: load 0.25 follows load 0.5; ascending loads are allowed"),
    bad(
      "two stages of one name", "{ electrical: [{ name: a }, { name: a }] }",
      "scenario.yaml:3: site.facility: two stages are called 'a'; different names are allowed"
    ),
    bad(
      "mechanical load above nothing", "{ mechanical_above: transformer }",
      ".mechanical_above: found 'transformer', not a known name; allowed: ups"),
    bad(
      "two climates", "{ climate: { celsius: 10, file: hours.csv } }",
      ".climate: the climate is stated twice: celsius, file; allowed: exactly one of celsius, mean_celsius, file"
    ),
    bad(
      "no such file", "{ climate: { file: nowhere.csv } }",
      ".climate.file: found 'nowhere.csv', no such file"),
    bad(
      "a bad line", "{ climate: { file: badhours.csv } }",
      "badhours.csv:3: found \"warm\"; a finite number is allowed"),
    bad(
      "carbon below nothing", "{ carbon_grams_per_kwh: { file: coldhours.csv } }",
      "coldhours.csv: found '-3', out of range; allowed: 0 to 1000000"),
    bad(
      "a price without unit", "{ price: 60 }",
      ".price: found '60', which has no unit; an energy price needs one of $/MWh, $/kWh; for example '60 $/MWh'"
    ),
    bad(
      "a battery without efficiency", "{ battery: { capacity: 1 MWh, power: 1 MW } }",
      ".battery.round_trip_efficiency: required, but missing"),
    bad(
      "an event without end", "{ limits: { events: [{ at: 5 s, draw: 1 MW }] } }",
      ".limits.events[0].for: required, but missing"),
    bad(
      "after the year", "{ start_hour: 8760 }",
      ".start_hour: found 8760, out of range; allowed: 0.0 to 8759.0"),
    BadInput(
      "constant figures beside a facility",
      [3: "site: { system: h100-sxm, nodes: 1, overhead: 10 %, conversion_efficiency: 95 %, facility: {} }"],
      [
        "scenario.yaml:3: site.overhead: the facility works it out; leave it out, or leave out 'facility'",
        "scenario.yaml:3: site.conversion_efficiency: the facility works it out; leave it out, or leave out 'facility'",
      ]),
    BadInput(
      "less power than a rack and its plant take",
      [
        3:
          "site: { system: h100-sxm, power: 40 kW, facility: { cooling: { method: constant, overhead: 0 }, electrical: [] } }"
      ],
      [
        "scenario.yaml:3: site.power: found '40 kW', less than a rack needs; one rack: 40.8 kW nameplate, with its plant 40.8 kW at the grid connection at 15 °C outdoors; allowed: at least 40.8 kW"
      ]),
  ]
}
