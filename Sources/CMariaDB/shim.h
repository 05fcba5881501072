#include <mysql.h>
#include <errmsg.h>

/// Has a connection answer to these plugins only, by their names with commas between. Does nothing where the library
/// has no such list: it came with 3.3.
static inline void drydock_restrict_authentication(MYSQL *handle, const char *plugins) {
#if defined(MARIADB_PACKAGE_VERSION_ID) && MARIADB_PACKAGE_VERSION_ID >= 30300
  mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH, plugins);
#else
  (void)handle, (void)plugins;
#endif
}
