/// What the machine is called since it was started; nil where the system does not say.
package func bootIdentity() -> String? {
  let identity = ProcessTable.bootID
  return identity.isEmpty ? nil : identity
}
