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
    let withoutClients =
      BakedRecipe.line(["postgres", "--single"] + provisioningSettings) + #" -D "$data" postgres >/dev/null"#
    let provisioning = "\(withoutClients) <\(statements)"
    let provision = RecipeFile(statements, passwords(request), mode: 0o400, owner: "postgres")
    return BakedRecipe(
      user: "postgres",
      make: """
        set -e
        data=\(data)
        \(BakedRecipe.line(make))
        printf %s \(BakedRecipe.line([accounts(request.version)])) | \(withoutClients)
        """,
      serve: """
        set -e
        data=\(data)
        \(provisioning)
        exec \(BakedRecipe.line(serve))
        """,
      files: [
        provision, RecipeFile(accessFile, PostgresTLS.access(request, local: Self.trusting), mode: 0o444),
      ] + (tls?.files ?? []),
      sharedMemory: 1 << 30,
      copy: BakedCopy(
        // Where an image's settings do not say so already, clients from outside of the container are heard too.
        script: """
          set -e
          echo "listen_addresses = '*'" >>"$data/postgresql.conf"
          \(provisioning)
          """,
        files: [provision]))
  }
}
