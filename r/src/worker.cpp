// SPDX-License-Identifier: Apache-2.0
#include <sys/random.h>

#include <cstdio>
#include <memory>

#include "errand/language.h"
#include "evaluation.h"
#include "mapped_vector.h"
#include "routines.h"
#include "serialization.h"
#include "task_call.h"
#include "values.h"

/// R as a worker: the core's loop in the interpreter's own process.
namespace errand::r {
namespace {

Error not_prepared(const Ending& ending) {
  TaskFailure failure = failure_of(ending);
  return {ErrorCode::invalid_argument, failure.message, false, {}, 0};
}

/// What prepare's body reads and leaves.
struct Preparation {
  std::span<const std::byte> payload;
  const char* packages;  ///< of the context, separated by newlines
  double seed;           ///< negative: none
};

SEXP prepare_body(void* data) {
  auto* preparation = static_cast<Preparation*>(data);
  SEXP payload = PROTECT(unserialize_jumping(preparation->payload));
  SEXP packages = PROTECT(Rf_mkString(preparation->packages));
  SEXP seed = PROTECT(Rf_ScalarReal(preparation->seed));
  SEXP three = PROTECT(Rf_allocVector(VECSXP, 3));
  SET_VECTOR_ELT(three, 0, payload);
  SET_VECTOR_ELT(three, 1, packages);
  SET_VECTOR_ELT(three, 2, seed);
  SEXP prepared = PROTECT(call_own("worker_prepare", three));
  R_PreserveObject(prepared);
  UNPROTECT(5);
  return prepared;
}

/// One run of a task, without destructors: R may jump over it.
struct TaskRun {
  const TaskCall* call;
  std::uint64_t task;
  std::span<const std::byte> arguments;
  ValueSink* sink;
  CuttingTarget* target;
  SerializeState* state;
  std::string* scalar;
};

SEXP run_body(void* data) {
  auto* run = static_cast<TaskRun*>(data);
  SEXP value = PROTECT(run->call->evaluate(run->task, run->arguments));
  if (!encode_scalar(value, *run->scalar)) {
    run->scalar->clear();
    run->sink->begin(Codec::r_serialize);
    run->target->cut(cut_of(value));
    serialize_jumping(value, *run->state);
  }
  UNPROTECT(1);
  return R_NilValue;
}

/// R draws its first seed from the time and the process id, which two workers may share: Mersenne Twister
/// is given 624 words of the system's entropy instead.
void reseed() {
  constexpr int words = 624;
  constexpr int mersenne_twister = 10403;
  SEXP seed = PROTECT(Rf_allocVector(INTSXP, words + 2));
  INTEGER(seed)[0] = mersenne_twister;
  INTEGER(seed)[1] = words;
  auto* entropy = reinterpret_cast<char*>(INTEGER(seed) + 2);
  std::size_t size = words * sizeof(int);
  for (std::size_t got = 0; got < size;) {
    ssize_t more = getrandom(entropy + got, std::min<std::size_t>(256, size - got), 0);
    if (more > 0) got += static_cast<std::size_t>(more);
  }
  Rf_defineVar(Rf_install(".Random.seed"), seed, R_GlobalEnv);
  UNPROTECT(1);
}

class RRunner final : public language::Runner {
 public:
  ~RRunner() override {
    (void)run_guarded([](void*) { return call_own("worker_end", R_NilValue); }, nullptr);
  }

  Result<void> prepare(const language::JobInput& job) override {
    if (job.language != "r" || job.function_codec != Codec::r_serialize) {
      return Error{ErrorCode::not_supported,
                   "this job was made for " + job.language + ", this worker is R",
                   false,
                   {},
                   0};
    }
    reseed();
    std::string packages;
    for (const std::string& name : job.context.packages_to_load) packages += name + "\n";
    Preparation preparation{job.function, packages.c_str(), job.seed ? static_cast<double>(*job.seed) : -1};
    Ending ending = run_guarded(prepare_body, &preparation);
    if (!ending.ok) return not_prepared(ending);
    call_ = TaskCall(ending.value);
    R_ReleaseObject(ending.value);
    has_memory_limit_ = job.context.task_memory_limit > 0;
    return {};
  }

  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t, std::span<const std::byte> arguments,
                                 ValueSink& sink) override {
    CuttingTarget target(sink);
    SerializeState state{&target, {}};
    scalar_.clear();
    TaskRun run{&call_, task, arguments, &sink, &target, &state, &scalar_};
    Ending ending = run_guarded(run_body, &run);
    if (state.thrown) std::rethrow_exception(state.thrown);
    if (!ending.ok) return failed(ending);
    if (!scalar_.empty()) {
      sink.begin(Codec::msgpack);
      sink.write(scalar_.data(), scalar_.size());
    }
    return {};
  }

 private:
  [[nodiscard]] TaskFailure failed(const Ending& ending) const {
    TaskFailure failure = failure_of(ending);
    if (has_memory_limit_ && failure.message.find("cannot allocate") != std::string::npos) {
      failure.cause = FailureCause::memory_limit;
    }
    return failure;
  }

  TaskCall call_;
  std::string scalar_;
  bool has_memory_limit_ = false;
};

}  // namespace
}  // namespace errand::r

using namespace errand;
using namespace errand::r;

namespace {

void rehearse() {
  (void)run_guarded([](void*) { return call_own("worker_rehearse", R_NilValue); }, nullptr);
}

}  // namespace

/// The life of a worker process, or of the warm parent of many: the exit code.
extern "C" SEXP errand_run_workers() {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  int code = language::run_workers([] { return std::make_unique<RRunner>(); }, {{}, {}, rehearse});
  return Rf_ScalarInteger(code);
}

/// Puts `function` in the place of base's quit() and q(), in this process.
extern "C" SEXP errand_catch_quit(SEXP function) {
  for (const char* name : {"quit", "q"}) {
    SEXP symbol = Rf_install(name);
    R_unLockBinding(symbol, R_BaseEnv);
    Rf_defineVar(symbol, function, R_BaseEnv);
    R_LockBinding(symbol, R_BaseEnv);
  }
  return R_NilValue;
}

extern "C" SEXP errand_note_quit(SEXP status) {
  note_quit(Rf_asInteger(status));
  return R_NilValue;
}

/// `index` applications of nextRNGStream to .Random.seed `state`, for tests and the in-process loop.
extern "C" SEXP errand_stream(SEXP state, SEXP index) {
  StreamState seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint32_t>(INTEGER(state)[i + 1]);
  StreamState reached = stream_state(seed, static_cast<std::uint64_t>(Rf_asReal(index)));
  SEXP vector = PROTECT(Rf_duplicate(state));
  for (std::size_t i = 0; i < seed.size(); ++i) INTEGER(vector)[i + 1] = static_cast<int>(reached[i]);
  UNPROTECT(1);
  return vector;
}
