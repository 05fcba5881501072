#include "CMariaDB.h"

DEFINE_DYNAMIC_LIBRARY(
    mariadb, DRYDOCK_MARIADB,
#ifdef __APPLE__
    "/opt/homebrew/opt/mariadb-connector-c/lib/mariadb/libmariadb.3.dylib",
    "/usr/local/opt/mariadb-connector-c/lib/mariadb/libmariadb.3.dylib"
#else
    "libmariadb.so.3"
#endif
)
