#include "CDynamicLibrary.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *failure(void) {
  const char *message = dlerror();
  // The loader's own text is gone at its next call.
  const char *kept = message ? strdup(message) : NULL;
  return kept ? kept : "a library cannot be loaded";
}

const char *drydock_load_library(const char *const *names, const char *const *functions, void **table) {
  void *library = NULL;
  for (; !library && *names; names++) library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
  if (!library) return failure();
  for (; *functions; functions++, table++)
    if (!(*table = dlsym(library, *functions))) return failure();
  return NULL;
}

void drydock_end_without_library(const char *message) {
  fprintf(stderr, "drydock: %s\n", message);
  abort();
}
