#include "COpenSSL.h"

// The library's version that its headers were installed for. It brings libcrypto, in which the rest is found.
#define TEXT(value) #value
#define VERSION(value) TEXT(value)
DEFINE_DYNAMIC_LIBRARY(
    openssl, DRYDOCK_OPENSSL,
#ifdef __APPLE__
    "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib", "/usr/local/opt/openssl@3/lib/libssl.3.dylib"
#else
    "libssl.so." VERSION(OPENSSL_SHLIB_VERSION)
#endif
)
