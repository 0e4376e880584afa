// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include "errand/error.h"

namespace errand::database {

/// The functions of libpq that errand calls, looked up when the first database is opened: programs that never
/// do so need not have it, and do not pay for loading what it stands on. Names as libpq's.
struct Libpq {
// clang-format off
#define ERRAND_LIBPQ_FUNCTIONS(X) \
  X(PQconnectdbParams) X(PQfinish) X(PQstatus) X(PQerrorMessage) X(PQsocket) \
  X(PQserverVersion) X(PQsendPrepare) X(PQsendQueryPrepared) X(PQsendQuery) X(PQexec) \
  X(PQgetResult) X(PQclear) X(PQresultStatus) X(PQresultErrorField) X(PQresultErrorMessage) \
  X(PQntuples) X(PQgetisnull) X(PQgetvalue) X(PQgetlength) X(PQcmdTuples) \
  X(PQsetSingleRowMode) X(PQgetCopyData) X(PQfreemem) X(PQconsumeInput) X(PQnotifies) \
  X(PQconninfoParse) X(PQconninfoFree) X(PQsetNoticeReceiver) X(PQenterPipelineMode) \
  X(PQexitPipelineMode) X(PQpipelineSync) X(PQparameterStatus) X(PQhost) X(PQport) X(PQdb) \
  X(PQuser) X(PQsendDescribePrepared) X(PQnfields) X(PQfname) X(PQftype)
// clang-format on
#define ERRAND_LIBPQ_POINTER(name) decltype(&::name) name = nullptr;
  ERRAND_LIBPQ_FUNCTIONS(ERRAND_LIBPQ_POINTER)
#undef ERRAND_LIBPQ_POINTER
};

/// Loaded at the first call and kept. Errors: not_supported (not installed, or too old).
[[nodiscard]] Result<const Libpq*> libpq();

}  // namespace errand::database
