// swift-tools-version: 6.2

import PackageDescription

let warnings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A floor of the house: it may import only the floors that its dependencies name.
func floor(
  _ name: String, on dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: warnings)
}

func tests(
  _ name: String, of dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: warnings)
}

let package = Package(
  name: "tokenmill",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "tokenmill", targets: ["tokenmill"]),
    // What the package Benchmarks measures.
    .library(
      name: "TokenmillLibraries", targets: ["Scenario", "Simulation", "CostModel", "Workload", "Documents"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Without its traits: they bring configuration files and all of Foundation.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    // Floor 0: words that every floor uses.
    .systemLibrary(
      name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    floor("Quantities", on: []),
    floor("Documents", on: ["Quantities", .product(name: "Yams", package: "Yams")]),
    tests("QuantitiesTests", of: ["Quantities"]),
    tests("DocumentsTests", of: ["Documents", "Quantities"]),
    floor("Pictures", on: []),
    tests("PicturesTests", of: ["Pictures"]),
    // Floor 1: what exists.
    floor("Hardware", on: ["Quantities", "Documents"], resources: [.copy("Catalogue")]),
    tests("HardwareTests", of: ["Hardware", "Documents", "Quantities"]),
    floor("Models", on: [], resources: [.copy("Catalogue")]),
    tests("ModelsTests", of: ["Models"]),
    // Floor 2: what it costs, what arrives.
    floor("CostModel", on: ["Quantities", "Documents", "Hardware", "Models"], resources: [.copy("Priors")]),
    floor("Workload", on: ["CGSL"], resources: [.copy("Datasets")]),
    floor("Facility", on: ["Quantities"]),
    tests("FacilityTests", of: ["Facility", "Quantities"]),
    // Floor 3: the hot path, one module.
    floor(
      "Simulation",
      on: ["CostModel", "Workload", "Facility", .product(name: "DequeModule", package: "swift-collections")]),
    tests("CostModelTests", of: ["CostModel", "Hardware", "Models", "Documents", "Quantities"]),
    tests("SimulationTests", of: ["Simulation", "CostModel", "Workload", "Facility"]),
    // Floor 4: in and out.
    floor(
      "Scenario",
      on: [
        "Simulation", "CostModel", "Workload", "Hardware", "Models", "Facility", "Documents", "Quantities",
      ]),
    tests(
      "ScenarioTests",
      of: [
        "Scenario", "Simulation", "CostModel", "Workload", "Hardware", "Models", "Facility", "Documents",
        "Quantities",
      ]),
    floor(
      "Results",
      on: [
        "Simulation", "CostModel", "Facility", "Documents", "Quantities", "CGSL",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests(
      "ResultsTests",
      of: [
        "Results", "Simulation", "CostModel", "Workload", "Facility", "Documents",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    // Floor 5: what a user asks, answered.
    floor(
      "Studies",
      on: [
        "Pictures", "Scenario", "Results", "Simulation", "CostModel", "Workload", "Hardware", "Models",
        "Facility",
        "Documents", "Quantities", "CGSL", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ], resources: [.copy("Recipes"), .copy("Estimate/Errors"), .copy("Explorer/Page")]),
    // Floor 6: the command line.
    .executableTarget(
      name: "tokenmill",
      dependencies: [
        "Studies", "Scenario", "Results", "Simulation", "CostModel", "Documents",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: warnings),
    tests(
      "StudiesTests",
      of: [
        "Studies", "Results", "Scenario", "Simulation", "CostModel", "Workload", "Hardware", "Models",
        "Facility", "Documents", "Quantities", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests("AcceptanceTests", of: ["tokenmill"]),
    tests("WorkloadTests", of: ["Workload", "CGSL"]),
    // The house's own rules; it reads the sources and imports none of them.
    tests("TidyTests", of: []),
  ],
  swiftLanguageModes: [.v6]
)
