import Foundation
import Testing

@testable import Studies

@Suite struct SplitTests {
  /// Digests published in FIPS 180-4's examples, and of a message of three blocks.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func digests(_ text: String, _ digest: String) { #expect(SHA256.hex(text) == digest) }

  private func point(_ suite: String, concurrency: Int, tp: String = "8", weights: String = "fp8") throws
    -> BenchmarkPoint
  {
    try #require(
      try PointFile.parse(
        text:
          "id,suite,system,accelerators,framework,framework_version,model,weights,mode,tp,load,concurrency,"
          + "isl,osl,lengths,tpot_mean_s\n"
          + "a,\(suite),h100-sxm,8,vllm,0.11.0,m,\(weights),agg,\(tp),closed_loop,\(concurrency),1024,8192.5,"
          + "inferencex-random,0.01\n", file: "points.csv"
      ).first)
  }

  @Test func aConfigurationIsEverythingButTheLoad() throws {
    let key = "inferencex|h100-sxm|vllm|0.11.0|m|fp8|agg|1024|8192.5|inferencex-random|8|1|1|1||||||||"
    #expect(try point("inferencex", concurrency: 4).configurationKey == key)
    #expect(try point("inferencex", concurrency: 64).configurationKey == key)
    #expect(
      try point("inferencex", concurrency: 4, tp: "", weights: "").configurationKey
        == "inferencex|h100-sxm|vllm|0.11.0|m|bf16|agg|1024|8192.5|inferencex-random|1|1|1|1||||||||")
    #expect(try point("mlperf", concurrency: 4).configurationKey == "mlperf|h100-sxm|m")
  }

  @Test func inferenceXIsFitWhereListed() throws {
    let point = try point("inferencex", concurrency: 4)
    let hash = SHA256.hex(point.configurationKey)
    #expect(SplitRule(fitHashes: [hash]).split(of: point) == "fit")
    #expect(SplitRule(fitHashes: []).split(of: point) == "test")
    #expect(SplitRule(fitHashes: nil).split(of: point) == "")
  }

  /// `mlperf|h100-sxm|m` hashes to an odd number, `mlenergy|h100-sxm|m` to an even one (sha256sum).
  @Test func otherSuitesByTheHash() throws {
    let rule = SplitRule(fitHashes: nil)
    #expect(SHA256.hex("mlperf|h100-sxm|m").hasSuffix("8d811675"))
    #expect(try rule.split(of: point("mlperf", concurrency: 4)) == "test")
    #expect(try rule.split(of: point("mlenergy", concurrency: 4)) == "fit")
  }
}
