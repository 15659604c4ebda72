// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that building tokenmill never waits for it. `make bench` builds and runs it.
let package = Package(
  name: "tokenmill-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "tokenmill", path: "..")],
  targets: [
    .executableTarget(
      name: "tokenmill-bench",
      dependencies: [.product(name: "TokenmillLibraries", package: "tokenmill")],
      swiftSettings: [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("MemberImportVisibility"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
