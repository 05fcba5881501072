/// PostgreSQL with its data in the image.
extension PostgresEngine {
  func baked(_ request: ServerRequest) -> BakedRecipe? {
    let accessFile = "/drydock/pg_hba.conf"
    let statements = "/drydock/provision.sql"
    let tls = PostgresTLS(request, folder: "/drydock")
    let data = BakedRecipe.data
    // Nobody has a password yet; whoever serves it without the access file lets nobody in.
    let make =
      [
        "initdb", "--pgdata=\(data)", "--username=drydock", "--auth-local=reject", "--auth-host=reject",
        "--no-sync",
      ]
      + initialisation
    let serve =
      ["postgres", "-D", data, "-c", "listen_addresses=*"] + settings(request)
      + ["-c", "hba_file=\(accessFile)"] + (tls?.settings ?? [])
    return BakedRecipe(
      user: "postgres", make: BakedRecipe.line(make),
      serve: """
        set -e
        \(BakedRecipe.line(["postgres", "--single", "-D", data] + provisioningSettings + ["postgres"])) \
          <\(statements) >/dev/null
        exec \(BakedRecipe.line(serve))
        """,
      files: [
        RecipeFile(
          statements, provisioningLines(request, request.version), mode: 0o400, owner: "postgres"),
        RecipeFile(accessFile, PostgresTLS.access(request, localMethod: "trust"), mode: 0o444),
      ] + (tls?.files ?? []),
      sharedMemory: 1 << 30)
  }
}
