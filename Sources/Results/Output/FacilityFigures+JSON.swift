import Documents

extension FacilityFigures {
  /// The block of the JSON summary.
  var json: JSONValue {
    [
      "pue": .double(pue), "wue_litres_per_kwh": .double(wue), "load_factor": .double(loadFactor),
      "grid_watts": ["mean": .double(gridMean), "peak": .double(gridPeak), "p99": .double(gridP99)],
      "ramp_watts": [
        "window_seconds": .double(rampWindowSeconds), "largest_rise": .optional(largestRise),
        "largest_fall": .optional(largestFall),
      ],
      "outdoor_mean_celsius": .double(outdoorCelsius),
      "energy_joules": .array(
        parts.map {
          ["name": .string($0.name), "kind": .string($0.kind), "joules": .double($0.joules)]
        }),
      "it_joules": .double(itJoules), "grid_joules": .double(gridJoules),
      "battery_loss_joules": .double(batteryLossJoules),
      "battery_stored_joules": .double(batteryStoredJoules),
      "water_litres": .double(waterLitres), "energy_dollars": .optional(dollars),
      "carbon_kilograms": .optional(carbonKilograms),
      "per_million_output_tokens": [
        "energy_dollars": .optional(perMillionTokens(dollars)),
        "carbon_kilograms": .optional(perMillionTokens(carbonKilograms)),
        "water_litres": .optional(perMillionTokens(waterLitres)),
      ],
      "conservation_residual": .double(conservationResidual),
      "stages": .array(
        stages.map { ["name": .string($0.name), "worst_loading": .string($0.worstLoading)] }),
      "excess_joules": .double(excessJoules), "ramp_excess_peak_watts": .double(rampExcessPeak),
      "unremoved_heat_joules": .double(unremovedHeatJoules),
    ]
  }
}
