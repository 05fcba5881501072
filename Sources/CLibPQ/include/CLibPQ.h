// libpq's interface. Its functions are defined in forward.c, which loads the library at their first use.
#pragma once

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>) // Debian and Ubuntu
#include <postgresql/libpq-fe.h>
#elif __has_include("/opt/homebrew/opt/libpq/include/libpq-fe.h") // Homebrew does not link it into its prefix
#include "/opt/homebrew/opt/libpq/include/libpq-fe.h"
#elif __has_include("/usr/local/opt/libpq/include/libpq-fe.h")
#include "/usr/local/opt/libpq/include/libpq-fe.h"
#else
#error "libpq-fe.h is missing: install libpq-dev (Debian, Ubuntu) or libpq (Homebrew)"
#endif

/// Loads libpq unless it is there already; from any thread.
/// Returns null, or the dynamic loader's message where it cannot be loaded. No function of libpq may be called then.
const char *_Nullable drydock_libpq_load(void);
