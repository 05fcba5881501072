/// The boot id (`/proc/sys/kernel/random/boot_id`), which is another after each start of the machine; nil where the system
/// does not say.
package func bootIdentity() -> String? {
  let identity = ProcessTable.bootID
  return identity.isEmpty ? nil : identity
}
