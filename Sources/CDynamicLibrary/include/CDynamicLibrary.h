// Libraries that are loaded when they are first needed instead of when the program starts.
//
// To load, relocate and bind OpenSSL, MariaDB's library and libpq (with nineteen libraries behind it) takes longer than
// most commands do, which call none of them. A library here is a list of functions and a table of pointers to them, filled
// at the first look at it:
//
//   #define DRYDOCK_ZLIB(F) F(deflate) F(inflate)
//   DYNAMIC_LIBRARY(zlib, DRYDOCK_ZLIB)                         in a header: the table's type and its two functions
//   DEFINE_DYNAMIC_LIBRARY(zlib, DRYDOCK_ZLIB, "libz.so.1")     in one source file, with the library's names
//
// A caller writes drydock_zlib()->deflate(…). The types are those of the library's own header.
#pragma once

#include <pthread.h>
#include <stddef.h>

#define DYNAMIC_LIBRARY_FIELD(function) __typeof__(function) *_Nonnull function;
#define DYNAMIC_LIBRARY(library, EACH) \
  struct drydock_##library##_functions { EACH(DYNAMIC_LIBRARY_FIELD) }; \
  /* Loads the library unless it is there already; from any thread. Returns null, or the loader's message. */ \
  const char *_Nullable drydock_##library##_load(void); \
  /* Its functions. Where it cannot be loaded the program ends with that message: ask first where that may be. */ \
  const struct drydock_##library##_functions *_Nonnull drydock_##library(void);

#define DYNAMIC_LIBRARY_NAME(function) #function,
#define DEFINE_DYNAMIC_LIBRARY(library, EACH, ...) \
  static struct drydock_##library##_functions library##_functions; \
  static const char *library##_failure; \
  static void library##_load(void) { \
    static const char *const names[] = {__VA_ARGS__, NULL}; \
    static const char *const functions[] = {EACH(DYNAMIC_LIBRARY_NAME) NULL}; \
    library##_failure = drydock_load_library(names, functions, (void **)&library##_functions); \
  } \
  const char *drydock_##library##_load(void) { \
    static pthread_once_t once = PTHREAD_ONCE_INIT; \
    pthread_once(&once, library##_load); \
    return library##_failure; \
  } \
  const struct drydock_##library##_functions *drydock_##library(void) { \
    const char *message = drydock_##library##_load(); \
    if (message) drydock_end_without_library(message); \
    return &library##_functions; \
  }

/// Loads the first library there is of these names, and finds these functions in it or in what it needs; both lists end
/// with a null. Returns null, or what is missing.
const char *_Nullable drydock_load_library(
    const char *const _Nullable *_Nonnull names, const char *const _Nullable *_Nonnull functions,
    void *_Nullable *_Nonnull table);

/// Ends the program: there is nothing sensible that a function could return.
void drydock_end_without_library(const char *_Nonnull message) __attribute__((noreturn));
