/// Does the same for each of many, side by side: as many at once as there are descriptors for.
///
/// Each of them may start commands and hold connections. Where the limit of open files is as usual, that is all of
/// them.
/// - Returns: What came of each, in the order given.
package func concurrently<Item: Sendable, Value: Sendable>(
  _ items: [Item], width: Int = DescriptorLimit.width, _ body: @escaping @Sendable (Item) async -> Value
) async -> [Value] {
  await withTaskGroup(of: (Int, Value).self) { group in
    var values: [Value?] = Array(repeating: nil, count: items.count)
    for (index, item) in items.enumerated() {
      if index >= max(1, width), let (done, value) = await group.next() { values[done] = value }
      group.addTask {
        // Not built across the await: optimised code of Swift 6.3 loses the index then.
        let value = await body(item)
        return (index, value)
      }
    }
    for await (done, value) in group { values[done] = value }
    return values.compactMap { $0 }
  }
}
