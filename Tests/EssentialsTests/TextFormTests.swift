import Synchronization
import Testing

@testable import Essentials

@Suite("What stands in for the rest of Foundation")
struct TextFormTests {
  @Test(
    "Numbers with fixed decimals are those of C's printf",
    arguments: [
      (0.214, 2, "0.21"), (0.005, 1, "0.0"), (12, 2, "12.00"), (-3, 2, "-3.00"), (-0.001, 2, "0.00"),
      (0.05, 2, "0.05"), (999.95, 1, "1000.0"), (1.06, 1, "1.1"), (7.5, 0, "8"), (.infinity, 1, "inf"),
      (1e300, 1, "1e+300"),
    ] as [(Double, Int, String)])
  func fixed(value: Double, digits: Int, expected: String) {
    #expect(String(fixed: value, digits: digits) == expected)
  }

  @Test(
    "White space goes at both ends only",
    arguments: [
      ("", ""), (" \t\r\n", ""), (" a b \n", "a b"), ("\u{A0}a\u{2028}", "a"), ("a\r\n", "a"), ("a", "a"),
    ])
  func trimmed(text: String, expected: String) { #expect(text.trimmed() == expected) }

  @Test("Each byte has two digits")
  func hexadecimal() { #expect(([0, 9, 0x1F, 0xA0, 255] as [UInt8]).hexadecimal == "00091fa0ff") }

  @Test("A detached thread runs beside the pool's")
  func thread() async {
    let caller = UInt(bitPattern: pthread_self().hashValue)
    let other = await withCheckedContinuation { (answer: CheckedContinuation<UInt, Never>) in
      detachThread { answer.resume(returning: UInt(bitPattern: pthread_self().hashValue)) }
    }
    #expect(other != caller)
  }
}
