// MariaDB's client library, loaded at its first use.
#pragma once

#include <CDynamicLibrary.h>
#if __has_include(<mysql.h>)
#include <errmsg.h>
#include <mysql.h>
#elif __has_include(<mariadb/mysql.h>) // Debian and Ubuntu
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#elif __has_include("/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/opt/homebrew/opt/mariadb-connector-c/include/mariadb/errmsg.h"
#include "/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h"
#elif __has_include("/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/usr/local/opt/mariadb-connector-c/include/mariadb/errmsg.h"
#include "/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h"
#else
#error "mysql.h is missing: install libmariadb-dev (Debian, Ubuntu) or mariadb-connector-c (Homebrew)"
#endif

// Every function that drydock calls; one that is missing here does not compile.
#define DRYDOCK_MARIADB(F) \
  F(mariadb_connection) F(mysql_close) F(mysql_errno) F(mysql_error) F(mysql_fetch_field_direct) F(mysql_fetch_lengths) \
  F(mysql_fetch_row) F(mysql_free_result) F(mysql_get_client_info) F(mysql_get_socket) F(mysql_init) \
  F(mysql_num_fields) F(mysql_options) F(mysql_optionsv) F(mysql_real_connect_cont) \
  F(mysql_real_connect_start) F(mysql_real_query_cont) F(mysql_real_query_start) F(mysql_server_init) \
  F(mysql_ssl_set) F(mysql_store_result_cont) F(mysql_store_result_start)

DYNAMIC_LIBRARY(mariadb, DRYDOCK_MARIADB)

/// Has a connection answer to these plugins only, by their names with commas between. Does nothing where the library
/// has no such list: it came with 3.3.
static inline void drydock_restrict_authentication(MYSQL *_Nonnull handle, const char *_Nonnull plugins) {
#if defined(MARIADB_PACKAGE_VERSION_ID) && MARIADB_PACKAGE_VERSION_ID >= 30300
  drydock_mariadb()->mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH, plugins);
#else
  (void)handle, (void)plugins;
#endif
}
