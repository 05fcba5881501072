/// Takes away what a database of the app's holds, for an import that stands in its place: in the import's own transaction,
/// so that it comes back should that fail. Extensions stay, which a dump asks for where they are not there.
enum PostgresClearing {
  /// Statements, in one line.
  static let words = "DO $drydock$ DECLARE o record; BEGIN \(schemas) \(objects) \(others) END $drydock$; "

  private static let schemas = """
    FOR o IN SELECT n.nspname FROM pg_catalog.pg_namespace n \
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') AND NOT EXISTS \
    (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_namespace'::regclass \
    AND e.objid = n.oid AND e.deptype = 'e') \
    LOOP EXECUTE pg_catalog.format('DROP SCHEMA %I CASCADE', o.nspname); END LOOP;
    """

  /// What is in `public`, which itself may be another's: what depends on it and on no extension. Tables go first, as what
  /// belongs to one goes with it; the order is also what has all names known before the first is gone.
  private static let objects = """
    FOR o IN SELECT pg_catalog.replace(i.type, 'statistics object', 'statistics') AS kind, i.identity \
    FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, 0) i \
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass \
    AND d.refobjid = pg_catalog.to_regnamespace('public') AND d.deptype = 'n' \
    AND d.classid <> 'pg_catalog.pg_extension'::regclass AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
    WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e') \
    ORDER BY i.type = 'table' DESC, i.type LIKE '%view' DESC, i.identity \
    LOOP EXECUTE pg_catalog.format('DROP %s IF EXISTS %s CASCADE', o.kind, o.identity); END LOOP;
    """

  /// Large objects and publications, which lie in no schema.
  private static let others = """
    PERFORM pg_catalog.lo_unlink(m.oid) FROM pg_catalog.pg_largeobject_metadata m \
    WHERE pg_catalog.pg_has_role(m.lomowner, 'USAGE'); \
    FOR o IN SELECT p.pubname FROM pg_catalog.pg_publication p WHERE pg_catalog.pg_has_role(p.pubowner, 'USAGE') \
    LOOP EXECUTE pg_catalog.format('DROP PUBLICATION %I', o.pubname); END LOOP;
    """
}
