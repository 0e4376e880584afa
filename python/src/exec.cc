// SPDX-License-Identifier: Apache-2.0
#include "buffers.h"
#include "call_options.h"
#include "errand/language.h"
#include "scalar.h"
#include "value_codec.h"

namespace errand::python {
namespace {

/// The GIL is given back now and then while many tasks are encoded.
constexpr std::uint64_t tasks_between_breaths = 8192;

/// Encodes the tasks of one call from their columns: sequences with one element for each task. An element
/// that cannot be pickled ends the submission: its exception passes through the core, which has left
/// nothing behind at that point.
class ColumnEncoder {
 public:
  ColumnEncoder(const nb::list& columns, std::uint64_t tasks) : tasks_(tasks) {
    for (nb::handle column : columns) {
      PyObject* fast = PySequence_Fast(column.ptr(), "a column is no sequence");
      if (fast == nullptr) throw nb::python_error();
      columns_.push_back(nb::steal(fast));
    }
  }
  void encode(std::uint64_t task, std::string& out) {
    try {
      encode_locked(task, out);
    } catch (...) {
      window_.pause();  // the callers up there take the GIL back themselves
      throw;
    }
  }
  [[nodiscard]] bool is_empty() const { return columns_.empty(); }

 private:
  void encode_locked(std::uint64_t task, std::string& out) {
    window_.touch();
    append_array_head(out, columns_.size());
    for (const nb::object& column : columns_) {
      auto at = static_cast<Py_ssize_t>(task);
      if (at >= PySequence_Fast_GET_SIZE(column.ptr())) throw nb::index_error("a list got shorter meanwhile");
      nb::object item = nb::borrow(PySequence_Fast_GET_ITEM(column.ptr(), at));
      append_argument(out, item.ptr());
    }
    if (task + 1 == tasks_ || task % tasks_between_breaths == 0) window_.pause();
  }

  std::vector<nb::object> columns_;
  std::uint64_t tasks_;
  GilWindow window_;
};

nb::object submit(const ComputeContext& context, nb::dict described, const nb::list& columns,
                  std::uint64_t tasks, const nb::dict& options) {
  language::Call call = as_call(described);
  call.tasks = tasks;
  ExecOptions chosen = as_options(options);
  ColumnEncoder encoder(columns, tasks);
  if (!encoder.is_empty()) {
    call.encode_task = [&encoder](std::uint64_t task, std::string& out) { encoder.encode(task, out); };
  }
  JobRef job = take_unlocked([&] { return language::submit(context, call, chosen); });
  return nb::make_tuple(job.id(), job.place());
}

}  // namespace

language::Call as_call(const nb::dict& described) {
  auto text = [&](const char* key) { return nb::cast<std::string>(described[key]); };
  language::Call call;
  call.language = "python";
  call.worker = nb::cast<std::vector<std::string>>(described["worker"]);
  call.fork = nb::cast<bool>(described["fork"]);
  call.function_name = text("name");
  call.signature = text("signature");
  call.result_type = "object";
  call.function_codec = Codec::pickle;
  nb::bytes function = nb::cast<nb::bytes>(described["function"]);
  call.function.assign(function.c_str(), function.size());
  call.arguments_codec = Codec::pickle;
  append_parts(call.arguments, described["arguments"]);
  return call;
}

ExecOptions as_options(const nb::dict& options) {
  ExecOptions chosen;
  auto set = [&](const char* key, auto& field) {
    using Value = typename std::remove_reference_t<decltype(field)>::value_type;
    if (options.contains(key) && !nb::object(options[key]).is_none()) field = nb::cast<Value>(options[key]);
  };
  set("seed", chosen.seed);
  set("task_chunk_size", chosen.task_chunk_size);
  set("continue_on_failure", chosen.continue_on_failure);
  set("console_output", chosen.console_output);
  set("auto_cleanup", chosen.auto_cleanup);
  return chosen;
}

void bind_exec(nb::module_& module) {
  module.def("submit", submit);
  module.def("random_seed", [] { return detail::random_seed(); });
}

}  // namespace errand::python
