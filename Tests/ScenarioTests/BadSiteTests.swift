import Testing

@Suite("Sites that are refused")
struct BadSiteTests {
  @Test(arguments: cases) func messages(input: BadInput) throws { try input.check() }

  private static let cases: [BadInput] = [
    BadInput(
      "unknown system", [3: "site: { system: h100-smx, nodes: 1 }"],
      [
        "scenario.yaml:3: site.system: found 'h100-smx', not a known name; allowed: {systems}; did you mean 'h100-sxm'?"
      ]),
    BadInput(
      "a site without size", [3: "site: { system: h100-sxm }"],
      [
        "scenario.yaml:3: site: the site has no size; allowed: exactly one of racks, nodes, accelerators, power"
      ]),
    BadInput(
      "a site with two sizes", [3: "site: { system: h100-sxm, nodes: 1, racks: 2 }"],
      [
        "scenario.yaml:3: site: the site has 2 sizes: racks, nodes; allowed: exactly one of racks, nodes, accelerators, power"
      ]),
    BadInput(
      "an energy for a power", [3: "site: { system: h100-sxm, power: 1 MWh }"],
      [
        "scenario.yaml:3: site.power: found '1 MWh', which is an energy; a power is needed; for example '8 kW'"
      ]),
    BadInput(
      "a power without unit", [3: "site: { system: h100-sxm, power: 1000 }"],
      [
        "scenario.yaml:3: site.power: found '1000', which has no unit; a power needs one of mW, W, kW, MW, GW; for example '1000 kW'"
      ]),
    BadInput(
      "less power than a rack takes", [3: "site: { system: h100-sxm, power: 40 kW }"],
      [
        "scenario.yaml:3: site.power: found '40 kW', less than a rack needs; one rack: 40.8 kW nameplate x (1 + 0.48) / 0.95 = 63.56 kW at the grid connection; allowed: at least 63.56 kW"
      ]),
    BadInput(
      "an impossible efficiency and overhead",
      [3: "site: { system: h100-sxm, nodes: 1, conversion_efficiency: 1.2, overhead: -1 }"],
      [
        "scenario.yaml:3: site.conversion_efficiency: found 1.2, out of range; allowed: more than 0, up to 1 (or 100 %)",
        "scenario.yaml:3: site.overhead: found '-1', which is negative; a ratio cannot be",
      ]),
    BadInput(
      "no racks", [3: "site: { system: h100-sxm, racks: 0 }"],
      [
        "scenario.yaml:3: site.racks: found 0, out of range; allowed: 1 to 100000000"
      ]),
    BadInput(
      "limits of nothing", [3: "site: { system: h100-sxm, nodes: 1, capping: { policy: fair } }"],
      [
        "scenario.yaml:3: site.capping: nothing is limited; allowed: feed, row or rack, or a site that is stated by its power",
        "scenario.yaml:3: site.capping.policy: found 'fair', not a known name; allowed: proportional, priority, phase-aware",
      ]),
    BadInput(
      "meters of nothing", [3: "site: { system: h100-sxm, nodes: 1, metering: { by: node, every: 1 ms } }"],
      [
        "scenario.yaml:3: site.metering.by: found 'node', not a known name; allowed: system, pool, row, rack",
        "scenario.yaml:3: site.metering.every: found '1 ms', out of range; allowed: 10 ms to 3600 s",
      ]),
    BadInput(
      "meters of sampled racks",
      [
        3: "site: { system: h100-sxm, nodes: 1, metering: { by: rack } }",
        17: "run: { seed: 1, until: drained, sample: { share: 10 % } }",
      ],
      [
        "scenario.yaml:17: run.sample: meters of rows and racks need all replicas in their places; leave out run.sample, or meter by system or pool"
      ]),
    BadInput(
      "more readings than anyone keeps",
      [
        3: "site: { system: h100-sxm, nodes: 1, metering: { by: system, every: 10 ms } }",
        17: "run: { seed: 1, duration: 20 d }",
      ],
      [
        "scenario.yaml:3: site.metering.every: found '10 ms', more than 100000000 readings: 1 point in each interval of the run; take a longer interval or fewer points"
      ]),
    BadInput(
      "costs without a price of energy",
      [3: "site: { system: h100-sxm, nodes: 1, economics: { it_life_years: 0, discount_rate: 200 % } }"],
      [
        "scenario.yaml:3: site.economics: nobody says what energy costs; allowed: energy_price, or site.facility.price",
        "scenario.yaml:3: site.economics.it_life_years: found 0, out of range; allowed: 0.1 to 100.0",
        "scenario.yaml:3: site.economics.discount_rate: found '200 %', out of range; allowed: 0 to 1",
      ]),
    BadInput(
      "a system without a price",
      [3: "site: { system: l40s, nodes: 1, price_basis: rental }"],
      [
        "scenario.yaml:3: site.price_basis: found 'rental', the catalogue has no such price of l40s"
      ]),
    BadInput(
      "oversubscribed nodes", [3: "site: { system: h100-sxm, nodes: 1, oversubscription: 10 % }"],
      [
        "scenario.yaml:3: site.oversubscription: only a grid connection is oversubscribed; allowed: with power"
      ]),
    BadInput(
      "site not mapping", [3: "site: h100-sxm"],
      [
        "scenario.yaml:3: site: found 'h100-sxm', a mapping (key: value) is needed"
      ]),
    BadInput(
      "gigawatt too many", [3: "site: { system: h100-sxm, power: 100000000 GW }"],
      [
        "scenario.yaml:3: site.power: found '100000000 GW', more than 100000000 racks; one rack: 40.8 kW nameplate x (1 + 0.48) / 0.95 = 63.56 kW at the grid connection"
      ]),
  ]
}
