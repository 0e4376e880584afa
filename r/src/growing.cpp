// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "context_fields.h"
#include "errand/growing_job.h"
#include "outcomes.h"
#include "routines.h"
#include "task_arguments.h"

/// A growing job as an external pointer: what futures stand on.
using namespace errand;
using namespace errand::r;

namespace {

using Appender = detail::TaskAppender;

void let_go(SEXP pointer) {
  delete static_cast<Appender*>(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

Appender& appender_of(SEXP pointer) {
  auto* appender = static_cast<Appender*>(R_ExternalPtrAddr(pointer));
  if (appender == nullptr)
    throw std::invalid_argument("this growing job belongs to an R session that is over");
  return *appender;
}

/// list(pointer, c(id, place)).
SEXP opened(Result<std::unique_ptr<Appender>> appender) {
  return cpp11::unwind_protect([&]() -> SEXP {
    if (!appender) return error_to_r(appender.error());
    SEXP pointer = PROTECT(R_MakeExternalPtr(nullptr, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(pointer, let_go, TRUE);
    ListBuilder fields(2);
    fields.add("pointer", pointer);
    fields.add("job", job_to_r((*appender)->job()));
    R_SetExternalPtrAddr(pointer, appender->release());
    SEXP list = fields.get();
    UNPROTECT(1);
    return list;
  });
}

SEXP nothing_or_error(const Result<void>& result) {
  return cpp11::unwind_protect([&]() -> SEXP { return result ? R_NilValue : error_to_r(result.error()); });
}

}  // namespace

extern "C" SEXP errand_open_growing(SEXP context, SEXP call, SEXP options) {
  return call_body([&] {
    return opened(language::open_growing(context_of(context), call_of(call), exec_options_of(options)));
  });
}

extern "C" SEXP errand_reopen_growing(SEXP job) {
  return call_body([&] { return opened(language::reopen_growing(job_of(job))); });
}

/// The new task's index. `value`: a list; its elements are the task's arguments.
extern "C" SEXP errand_growing_append(SEXP growing, SEXP value) {
  return call_body([&] {
    std::string bytes;
    for (R_xlen_t i = 0; i < XLENGTH(value); ++i) append_argument(value, i, bytes);
    Appender& appender = appender_of(growing);
    Result<std::uint64_t> task = appender.append(std::move(bytes));
    if (task) {
      if (Result<void> flushed = appender.flush(); !flushed) task = std::move(flushed).error();
    }
    return cpp11::unwind_protect([&]() -> SEXP {
      return task ? Rf_ScalarReal(static_cast<double>(*task)) : error_to_r(task.error());
    });
  });
}

/// The outcomes that came since the last call; waits `timeout` seconds for at least one.
extern "C" SEXP errand_growing_next(SEXP growing, SEXP timeout) {
  return call_body([&] {
    Collector collector;
    auto patience =
        std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(Rf_asReal(timeout) * 1000)));
    Result<bool> more = appender_of(growing).next(collector, patience);
    collector.resume();
    return cpp11::unwind_protect(
        [&]() -> SEXP { return more ? collector.outcomes_to_r() : error_to_r(more.error()); });
  });
}

extern "C" SEXP errand_growing_cancel(SEXP growing, SEXP task) {
  return call_body([&] {
    return nothing_or_error(appender_of(growing).cancel_task(static_cast<std::uint64_t>(Rf_asReal(task))));
  });
}

extern "C" SEXP errand_growing_close(SEXP growing) {
  return call_body([&] { return nothing_or_error(appender_of(growing).close()); });
}
