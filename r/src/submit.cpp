// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "context_fields.h"
#include "errand/language.h"
#include "routines.h"
#include "serialization.h"
#include "task_arguments.h"

namespace errand::r {
namespace {

std::string serialized(SEXP object) {
  std::string bytes;
  StringTarget target(bytes);
  serialize(object, target);
  return bytes;
}

}  // namespace

language::Call call_of(SEXP fields) {
  language::Call call;
  call.language = "r";
  call.worker = texts_of(element(fields, "worker"));
  call.function_name = text_of(element(fields, "name"));
  call.signature = text_of(element(fields, "signature"));
  call.function_codec = Codec::r_serialize;
  call.function = serialized(element(fields, "payload"));
  call.tasks = static_cast<std::uint64_t>(Rf_asReal(element(fields, "tasks")));
  SEXP fanned = element(fields, "fanned");
  if (R_xlen_t count = Rf_xlength(fanned); count > 0) {
    call.encode_task = [fanned, count](std::uint64_t task, std::string& out) {
      for (R_xlen_t i = 0; i < count; ++i) {
        append_argument(VECTOR_ELT(fanned, i), static_cast<R_xlen_t>(task), out);
      }
    };
  }
  return call;
}

}  // namespace errand::r

using namespace errand;
using namespace errand::r;

extern "C" SEXP errand_submit(SEXP context, SEXP call, SEXP options) {
  return call_body([&] {
    Result<JobRef> job = language::submit(context_of(context), call_of(call), exec_options_of(options));
    return cpp11::unwind_protect([&]() -> SEXP { return job ? job_to_r(*job) : error_to_r(job.error()); });
  });
}

extern "C" SEXP errand_serialized_size(SEXP object) {
  struct Counter final : ByteTarget {
    double bytes = 0;
    void write(const char*, std::size_t size) override { bytes += static_cast<double>(size); }
  };
  return call_body([&] {
    Counter counter;
    serialize(object, counter);
    return cpp11::unwind_protect([&]() -> SEXP { return Rf_ScalarReal(counter.bytes); });
  });
}

/// What a job's workers were sent; NULL for a job of another language.
extern "C" SEXP errand_payload(SEXP job) {
  return call_body([&] {
    Result<EncodedValue> function = language::read_function(job_of(job));
    if (!function) return cpp11::unwind_protect([&]() -> SEXP { return error_to_r(function.error()); });
    return function->codec == Codec::r_serialize ? unserialize(function->bytes.bytes()) : R_NilValue;
  });
}
