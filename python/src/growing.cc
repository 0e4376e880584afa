// SPDX-License-Identifier: Apache-2.0
#include "call_options.h"
#include "errand/growing_job.h"
#include "outcome_list.h"
#include "scalar.h"
#include "value_codec.h"

namespace errand::python {
namespace {

/// (index, outcome) of what has come.
class ArrivalVisitor final : public DecodingVisitor {
 public:
  explicit ArrivalVisitor(nb::list into) : into_(std::move(into)) {}

 private:
  void start(std::uint64_t) override {}
  void take(std::uint64_t task, std::uint32_t, nb::object outcome) override {
    into_.append(nb::make_tuple(task, std::move(outcome)));
  }
  nb::list into_;
};

/// (whether some came, [(index, outcome), ...]) of anything that hands out outcomes as they come.
template <class Source>
nb::tuple take_next(Source& source, std::optional<double> timeout) {
  nb::list outcomes;
  ArrivalVisitor visitor(outcomes);
  std::optional<std::chrono::milliseconds> patience;
  if (timeout) patience = std::chrono::milliseconds(static_cast<std::int64_t>(*timeout * 1e3));
  auto more = [&] {
    nb::gil_scoped_release unlocked;
    auto result = source.next(visitor, patience);
    visitor.end();
    return result;
  }();
  visitor.raise_again();
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
  bool some = take(std::move(more));
  return nb::make_tuple(some, outcomes);
}

/// Any job's outcomes.
class Stream {
 public:
  explicit Stream(std::unique_ptr<language::OutcomeStream> stream) : stream_(std::move(stream)) {}
  nb::tuple next(std::optional<double> timeout) { return take_next(*stream_, timeout); }
  bool done() const { return stream_->done(); }

 private:
  std::unique_ptr<language::OutcomeStream> stream_;
};

/// A growing job that this process appends to.
class Appender {
 public:
  explicit Appender(std::unique_ptr<detail::TaskAppender> appender) : appender_(std::move(appender)) {}

  nb::tuple job() const { return nb::make_tuple(appender_->job().id(), appender_->job().place()); }

  /// One task with these arguments; its index.
  std::uint64_t append(nb::tuple arguments) {
    std::string bytes;
    append_array_head(bytes, nb::len(arguments));
    for (nb::handle argument : arguments) append_argument(bytes, argument.ptr());
    return take_unlocked([&] { return appender_->append(std::move(bytes)); });
  }

  nb::tuple next(std::optional<double> timeout) { return take_next(*appender_, timeout); }

  void flush() {
    take_unlocked([&] { return appender_->flush(); });
  }
  void close() {
    take_unlocked([&] { return appender_->close(); });
  }
  void cancel_task(std::uint64_t task) {
    take_unlocked([&] { return appender_->cancel_task(task); });
  }

 private:
  std::unique_ptr<detail::TaskAppender> appender_;
};

}  // namespace

void bind_growing(nb::module_& module) {
  nb::class_<Appender>(module, "Appender", "The right to append tasks to a growing job.")
      .def_prop_ro("job", &Appender::job)
      .def("append", &Appender::append)
      .def("next", &Appender::next, nb::arg("timeout").none())
      .def("flush", &Appender::flush)
      .def("close", &Appender::close)
      .def("cancel_task", &Appender::cancel_task);
  nb::class_<Stream>(module, "OutcomeStream", "A job's outcomes as they come, each once.")
      .def("next", &Stream::next, nb::arg("timeout").none())
      .def_prop_ro("done", &Stream::done);
  module.def("follow_outcomes", [](const std::string& id, const std::string& place) {
    return Stream(take_unlocked([&] { return language::follow_outcomes(JobRef(id, place)); }));
  });
  module.def("open_growing",
             [](const ComputeContext& context, const nb::dict& described, const nb::dict& options) {
               language::Call call = as_call(described);
               ExecOptions chosen = as_options(options);
               return Appender(take_unlocked([&] { return language::open_growing(context, call, chosen); }));
             });
  module.def("reopen_growing", [](const std::string& id, const std::string& place) {
    return Appender(take_unlocked([&] { return language::reopen_growing(JobRef(id, place)); }));
  });
}

}  // namespace errand::python
