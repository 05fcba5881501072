// libpq, loaded when it is first needed instead of when the program starts.
//
// libpq brings in nineteen further libraries (GSSAPI, LDAP, GnuTLS). To load and relocate them took a third of the
// time of `drydock env`, which calls none of them. So each function that drydock calls is defined here under its own
// name and passes its arguments on; callers see libpq-fe.h and nothing else. It also lets drydock run where libpq
// is not installed, for apps without postgres.

#include "CLibPQ.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __APPLE__
static const char *const names[] = {
    "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib"};
#else
// The name has not changed since PostgreSQL 8.2.
static const char *const names[] = {"libpq.so.5"};
#endif

// Every function that drydock calls; one that is missing here does not link.
#define EACH(F) \
  F(PQclear) F(PQconndefaults) F(PQconnectPoll) F(PQconnectStartParams) F(PQconninfoFree) F(PQconsumeInput) \
  F(PQerrorMessage) F(PQfinish) F(PQflush) F(PQgetResult) F(PQgetisnull) F(PQgetvalue) F(PQisBusy) \
  F(PQlibVersion) F(PQnfields) F(PQntuples) F(PQresultErrorField) F(PQresultStatus) F(PQsendQuery) \
  F(PQsetErrorVerbosity) F(PQsetNoticeProcessor) F(PQsetnonblocking) F(PQsocket) F(PQstatus)

static struct {
#define FIELD(function) __typeof__(function) *function;
  EACH(FIELD)
} libpq;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *failure;

static void fail(void) {
  const char *message = dlerror();
  failure = strdup(message ? message : "libpq cannot be loaded");
}

static void load(void) {
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fail();
#define RESOLVE(function) \
  if (!(libpq.function = (__typeof__(libpq.function))dlsym(library, #function))) return fail();
  EACH(RESOLVE)
}

const char *drydock_libpq_load(void) {
  pthread_once(&once, load);
  return failure;
}

// Where a caller did not ask first, there is nothing sensible to return.
static void require(void) {
  const char *message = drydock_libpq_load();
  if (!message) return;
  fprintf(stderr, "drydock: %s\n", message);
  abort();
}

#define FORWARD(function, result, parameters, ...) \
  result function parameters { \
    require(); \
    return libpq.function(__VA_ARGS__); \
  }

FORWARD(PQclear, void, (PGresult *result), result)
FORWARD(PQconndefaults, PQconninfoOption *, (void))
FORWARD(PQconnectPoll, PostgresPollingStatusType, (PGconn *connection), connection)
FORWARD(PQconnectStartParams, PGconn *,
        (const char *const *keywords, const char *const *values, int expands), keywords, values, expands)
FORWARD(PQconninfoFree, void, (PQconninfoOption *options), options)
FORWARD(PQconsumeInput, int, (PGconn *connection), connection)
FORWARD(PQerrorMessage, char *, (const PGconn *connection), connection)
FORWARD(PQfinish, void, (PGconn *connection), connection)
FORWARD(PQflush, int, (PGconn *connection), connection)
FORWARD(PQgetResult, PGresult *, (PGconn *connection), connection)
FORWARD(PQgetisnull, int, (const PGresult *result, int row, int column), result, row, column)
FORWARD(PQgetvalue, char *, (const PGresult *result, int row, int column), result, row, column)
FORWARD(PQisBusy, int, (PGconn *connection), connection)
FORWARD(PQlibVersion, int, (void))
FORWARD(PQnfields, int, (const PGresult *result), result)
FORWARD(PQntuples, int, (const PGresult *result), result)
FORWARD(PQresultErrorField, char *, (const PGresult *result, int field), result, field)
FORWARD(PQresultStatus, ExecStatusType, (const PGresult *result), result)
FORWARD(PQsendQuery, int, (PGconn *connection, const char *query), connection, query)
FORWARD(PQsetErrorVerbosity, PGVerbosity, (PGconn *connection, PGVerbosity verbosity), connection, verbosity)
FORWARD(PQsetNoticeProcessor, PQnoticeProcessor,
        (PGconn *connection, PQnoticeProcessor processor, void *context), connection, processor, context)
FORWARD(PQsetnonblocking, int, (PGconn *connection, int value), connection, value)
FORWARD(PQsocket, int, (const PGconn *connection), connection)
FORWARD(PQstatus, ConnStatusType, (const PGconn *connection), connection)
