// SPDX-License-Identifier: Apache-2.0
#include "context_fields.h"
#include "outcomes.h"
#include "routines.h"

using namespace errand;
using namespace errand::r;

namespace {

void print_text(std::string_view text) {
  cpp11::unwind_protect([&]() -> SEXP {
    constexpr std::size_t piece = 4096;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
      Rprintf("%.*s", static_cast<int>(std::min(piece, text.size())), text.data());
    }
    return R_NilValue;
  });
}

/// Only one task's outcome of many.
class OneOutcome final : public detail::OutcomeVisitor {
 public:
  explicit OneOutcome(std::uint64_t task) : task_(task) {}
  void begin(std::uint64_t) override {}
  Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& value) override {
    return task == task_ ? found.value(task, attempt, value) : Result<void>();
  }
  void failure(TaskFailure failure) override {
    if (failure.task == task_) found.failure(std::move(failure));
  }
  Collector found;

 private:
  std::uint64_t task_;
};

SEXP outcomes_or_error(const Result<void>& visited, const Collector& collector) {
  collector.resume();
  return cpp11::unwind_protect(
      [&]() -> SEXP { return visited ? collector.outcomes_to_r() : error_to_r(visited.error()); });
}

}  // namespace

/// list(values =, failures =, warning =), or the failure.
extern "C" SEXP errand_results(SEXP job, SEXP console_output, SEXP auto_cleanup) {
  return call_body([&] {
    ResultOptions options;
    options.console_output = maybe_flag(console_output);
    options.auto_cleanup = maybe_flag(auto_cleanup);
    options.console = print_text;
    Collector collector;
    Result<std::string> warning = detail::visit_results(job_of(job), options, collector);
    collector.resume();
    return cpp11::unwind_protect([&]() -> SEXP {
      if (!warning) return error_to_r(warning.error());
      SEXP results = PROTECT(collector.results_to_r());
      ListBuilder fields(3);
      fields.add("values", VECTOR_ELT(results, 0));
      fields.add("failures", VECTOR_ELT(results, 1));
      fields.add("warning", *warning);
      SEXP list = fields.get();
      UNPROTECT(1);
      return list;
    });
  });
}

extern "C" SEXP errand_partial_results(SEXP job) {
  return call_body([&] {
    Collector collector;
    Result<void> visited = detail::visit_partial_results(job_of(job), collector);
    return outcomes_or_error(visited, collector);
  });
}

extern "C" SEXP errand_outcome(SEXP job, SEXP task) {
  return call_body([&] {
    OneOutcome one(static_cast<std::uint64_t>(Rf_asReal(task)));
    Result<void> visited = detail::visit_partial_results(job_of(job), one);
    return outcomes_or_error(visited, one.found);
  });
}

/// A value of any language's job from its bytes.
extern "C" SEXP errand_decode(SEXP codec, SEXP bytes) {
  return decode_jumping(static_cast<Codec>(Rf_asInteger(codec)),
                        std::as_bytes(std::span(RAW(bytes), static_cast<std::size_t>(XLENGTH(bytes)))));
}
