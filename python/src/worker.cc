// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <iterator>

#include "buffers.h"
#include "errand/language.h"
#include "scalar.h"
#include "value_codec.h"

namespace errand::python {
namespace {

/// Runs tasks in this process's interpreter. What a job means is found out in Python, once
/// (errand.worker.prepare); a small task then runs without Python code of ours.
class PythonRunner final : public language::Runner {
 public:
  PythonRunner() = default;
  PythonRunner(const PythonRunner&) = delete;
  PythonRunner& operator=(const PythonRunner&) = delete;
  /// The job is over: its objects go, with the GIL, which stays.
  ~PythonRunner() override {
    if (outside_ != nullptr) PyEval_RestoreThread(outside_);
  }
  Result<void> prepare(const language::JobInput& job) override;
  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                 std::span<const std::byte> arguments, ValueSink& sink) override;

 private:
  void take_plan(nb::object plan);
  void set_variables(std::uint64_t task, std::uint32_t attempt);
  std::optional<TaskFailure> run_locked(std::uint64_t task, std::span<const std::byte> arguments,
                                        ValueSink& sink);
  nb::object call(std::span<const std::byte> arguments);
  bool push_arguments(std::span<const std::byte> arguments);
  bool push_shared();
  void drop_arguments();
  void flush_output();
  static TaskFailure describe_failure();

  nb::object function_;
  nb::object shared_values_;  ///< a tuple, or None if they are made for each task
  nb::object make_shared_;    ///< callable giving that tuple
  nb::object keywords_;       ///< the names of the last arguments, fanned out or shared: a tuple
  nb::object before_task_;    ///< None, or called with the task's index
  nb::object environment_;    ///< what os.environ knows: it was made before the job's variables were set
  std::uint32_t attempt_ = ~std::uint32_t{0};
  std::vector<PyObject*> stack_;
  PyThreadState* outside_ = nullptr;  ///< set between tasks, when other threads of this process may run
};

/// In the first task of a process the GIL is held since the interpreter began (or the fork); from then on
/// it is free between tasks, so that threads that a task left behind go on.
class TaskLock {
 public:
  explicit TaskLock(PyThreadState*& outside) : outside_(outside) {
    if (outside_ != nullptr) PyEval_RestoreThread(std::exchange(outside_, nullptr));
  }
  ~TaskLock() { outside_ = PyEval_SaveThread(); }
  TaskLock(const TaskLock&) = delete;
  TaskLock& operator=(const TaskLock&) = delete;

 private:
  PyThreadState*& outside_;
};

Result<void> PythonRunner::prepare(const language::JobInput& job) {
  TaskLock lock(outside_);
  try {
    nb::list parts;
    auto owner = std::make_shared<int>(0);  // the job's bytes outlive this runner
    for (auto part : split_parts(job.arguments)) parts.append(share_bytes(Buffer(owner, part), false));
    nb::object seed = job.seed ? nb::object(nb::int_(*job.seed)) : nb::none();
    auto* code = reinterpret_cast<const char*>(job.function.data());
    nb::object prepare_job = nb::borrow(lookup("errand.worker", "prepare"));
    take_plan(prepare_job(job.id, nb::bytes(code, job.function.size()), parts, seed,
                          job.context.packages_to_load, job.context.task_memory_limit));
    return {};
  } catch (nb::python_error& raised) {
    raised.restore();
    TaskFailure failure = describe_failure();
    return Error{ErrorCode::type_mismatch, failure.message, false, "", 0};
  }
}

void PythonRunner::take_plan(nb::object plan) {
  function_ = plan.attr("function");
  shared_values_ = plan.attr("shared_values");
  make_shared_ = plan.attr("make_shared");
  keywords_ = plan.attr("keywords");
  before_task_ = plan.attr("before_task");
  environment_ = plan.attr("environment");
}

/// Straight into the dict behind os.environ: ten million tasks may be no longer than this takes.
void PythonRunner::set_variables(std::uint64_t task, std::uint32_t attempt) {
  static PyObject* task_name = PyBytes_FromString("ERRAND_TASK");
  static PyObject* attempt_name = PyBytes_FromString("ERRAND_ATTEMPT");
  auto set = [&](PyObject* name, std::uint64_t number) {
    char text[24];
    auto end = std::to_chars(std::begin(text), std::end(text), number).ptr;
    nb::object bytes = nb::steal(PyBytes_FromStringAndSize(text, end - text));
    if (!bytes || PyDict_SetItem(environment_.ptr(), name, bytes.ptr()) != 0) PyErr_Clear();
  };
  set(task_name, task);
  if (attempt_ != attempt) set(attempt_name, attempt_ = attempt);
}

std::optional<TaskFailure> PythonRunner::run(std::uint64_t task, std::uint32_t attempt,
                                             std::span<const std::byte> arguments, ValueSink& sink) {
  TaskLock lock(outside_);
  set_variables(task, attempt);
  auto failure = run_locked(task, arguments, sink);
  flush_output();
  return failure;
}

std::optional<TaskFailure> PythonRunner::run_locked(std::uint64_t task, std::span<const std::byte> arguments,
                                                    ValueSink& sink) {
  if (!before_task_.is_none()) {
    PyObject* index = PyLong_FromUnsignedLongLong(task);
    PyObject* nothing = index != nullptr ? PyObject_CallOneArg(before_task_.ptr(), index) : nullptr;
    Py_XDECREF(index);
    if (nothing == nullptr) return describe_failure();
    Py_DECREF(nothing);
  }
  nb::object value = call(arguments);
  if (!value) return describe_failure();
  try {
    if (encode_value(sink, value.ptr())) return std::nullopt;
  } catch (nb::python_error& raised) {
    raised.restore();
  }
  return describe_failure();
}

nb::object PythonRunner::call(std::span<const std::byte> arguments) {
  PyObject* value = nullptr;
  if (push_arguments(arguments) && push_shared()) {
    auto named = static_cast<std::size_t>(PyTuple_GET_SIZE(keywords_.ptr()));
    value = PyObject_Vectorcall(function_.ptr(), stack_.data(), stack_.size() - named,
                                named == 0 ? nullptr : keywords_.ptr());
  }
  drop_arguments();
  return nb::steal(value);
}

bool PythonRunner::push_arguments(std::span<const std::byte> arguments) {
  if (arguments.empty()) return true;
  ValueReader reader(arguments);
  std::ptrdiff_t count = reader.next_array();
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    PyObject* argument = reader.next();
    if (argument == nullptr) return false;
    stack_.push_back(argument);
  }
  return count >= 0;
}

bool PythonRunner::push_shared() {
  nb::object values = shared_values_;
  if (!make_shared_.is_none()) values = nb::steal(PyObject_CallNoArgs(make_shared_.ptr()));
  if (!values) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values.ptr()); ++i) {
    PyObject* value = PyTuple_GET_ITEM(values.ptr(), i);
    Py_INCREF(value);
    stack_.push_back(value);
  }
  return true;
}

void PythonRunner::drop_arguments() {
  for (PyObject* argument : stack_) Py_DECREF(argument);
  stack_.clear();
}

/// Whatever stands in sys.stdout and sys.stderr now: a task may have put something there.
void PythonRunner::flush_output() {
  static PyObject* flush = PyUnicode_InternFromString("flush");
  for (const char* name : {"stdout", "stderr"}) {
    PyObject* stream = PySys_GetObject(name);
    if (stream == nullptr || stream == Py_None) continue;
    PyObject* nothing = PyObject_CallMethodNoArgs(stream, flush);
    if (nothing == nullptr) PyErr_Clear();
    Py_XDECREF(nothing);
  }
}

TaskFailure PythonRunner::describe_failure() {
  TaskFailure failure;
  nb::object raised = catch_exception();
  try {
    nb::object describe = nb::borrow(lookup("errand.worker", "describe_failure"));
    nb::object words = describe(raised);
    failure.cause = static_cast<FailureCause>(nb::cast<int>(words[0]));
    failure.type = nb::cast<std::string>(words[1]);
    failure.message = nb::cast<std::string>(words[2]);
    failure.traceback = nb::cast<std::string>(words[3]);
    nb::bytes native = nb::cast<nb::bytes>(words[4]);
    if (native.size() > 0) {
      failure.native_codec = Codec::pickle;
      failure.native = Buffer::copy_of(std::string_view(native.c_str(), native.size()));
    }
  } catch (const std::exception&) {
    PyErr_Clear();
    failure.type = Py_TYPE(raised.ptr())->tp_name;
    failure.message = failure.type + " (its text cannot be had)";
  }
  return failure;
}

/// In a forked worker, before anything else: the interpreter learns of the fork, as it would have from
/// os.fork, and the hooks run (the random module draws a new seed there).
void after_fork() {
  PyOS_BeforeFork();
  PyOS_AfterFork_Child();
}

/// What it raises is nobody's business.
std::function<void()> quietly(const nb::object& callable) {
  return [&callable] {
    PyObject* nothing = PyObject_CallNoArgs(callable.ptr());
    if (nothing == nullptr) PyErr_Clear();
    Py_XDECREF(nothing);
  };
}

/// `while_idle`, `rehearse`: callables, as in language::WorkerHooks.
int run_workers(const nb::object& while_idle, const nb::object& rehearse) {
  return language::run_workers([] { return std::make_unique<PythonRunner>(); },
                               {after_fork, quietly(while_idle), quietly(rehearse)});
}

}  // namespace

void bind_worker(nb::module_& module) {
  module.def("run_workers", run_workers);
}

}  // namespace errand::python
