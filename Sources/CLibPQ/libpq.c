#include "CLibPQ.h"

DEFINE_DYNAMIC_LIBRARY(
    libpq, DRYDOCK_LIBPQ,
#ifdef __APPLE__
    "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib"
#else
    "libpq.so.5"  // The name has not changed since PostgreSQL 8.2.
#endif
)
