// libpq's functions, loaded at their first use. So drydock runs where libpq is not installed, for apps without postgres.
#pragma once

#include <CDynamicLibrary.h>

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

// Every function that drydock calls; one that is missing here does not compile.
#define DRYDOCK_LIBPQ(F) \
  F(PQclear) F(PQconndefaults) F(PQconnectPoll) F(PQconnectStartParams) F(PQconninfoFree) F(PQconsumeInput) \
  F(PQencryptPasswordConn) F(PQerrorMessage) F(PQfinish) F(PQflush) F(PQfreemem) F(PQgetResult) F(PQgetisnull) F(PQgetvalue) F(PQisBusy) \
  F(PQlibVersion) F(PQnfields) F(PQntuples) F(PQparameterStatus) F(PQresultErrorField) F(PQresultStatus) F(PQsendQuery) F(PQserverVersion) \
  F(PQsetErrorVerbosity) F(PQsetNoticeProcessor) F(PQsetnonblocking) F(PQsocket) F(PQstatus)

DYNAMIC_LIBRARY(libpq, DRYDOCK_LIBPQ)
