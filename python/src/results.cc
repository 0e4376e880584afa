// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/function.h>

#include "outcome_list.h"
#include "scalar.h"

namespace errand::python {
namespace {

/// One list entry per task, in task order.
class ListVisitor final : public DecodingVisitor {
 public:
  /// New reference; None where nothing came.
  nb::object list;

 private:
  void start(std::uint64_t tasks) override {
    list = nb::steal(PyList_New(static_cast<Py_ssize_t>(tasks)));
    if (!list) throw nb::python_error();
  }
  void take(std::uint64_t task, std::uint32_t, nb::object outcome) override {
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(task), outcome.release().ptr());
  }
};

/// (index, outcome) of the tasks that have one.
class PartialVisitor final : public DecodingVisitor {
 public:
  nb::list outcomes;

 private:
  void start(std::uint64_t) override {}
  void take(std::uint64_t task, std::uint32_t, nb::object outcome) override {
    outcomes.append(nb::make_tuple(task, std::move(outcome)));
  }
};

nb::object get_results(const std::string& id, const std::string& place, std::optional<bool> console_output,
                       std::optional<bool> auto_cleanup, nb::object console) {
  ListVisitor visitor;
  ResultOptions options;
  options.console_output = console_output;
  options.auto_cleanup = auto_cleanup;
  PendingException refused;
  options.console = [&](std::string_view text) {
    nb::gil_scoped_acquire locked;
    try {
      if (!refused.is_set()) console(nb::bytes(text.data(), text.size()));
    } catch (nb::python_error& raised) {
      raised.restore();
      refused.keep();
    }
  };
  auto warning = [&] {
    nb::gil_scoped_release unlocked;
    auto visited = detail::visit_results(JobRef(id, place), options, visitor);
    visitor.end();
    return visited;
  }();
  visitor.raise_again();
  refused.raise_again();
  std::string text = take(std::move(warning));
  return nb::make_tuple(visitor.list, text);
}

nb::list get_partial_results(const std::string& id, const std::string& place) {
  PartialVisitor visitor;
  auto visited = [&] {
    nb::gil_scoped_release unlocked;
    auto result = detail::visit_partial_results(JobRef(id, place), visitor);
    visitor.end();
    return result;
  }();
  visitor.raise_again();
  take(std::move(visited));
  return visitor.outcomes;
}

}  // namespace

void bind_results(nb::module_& module) {
  module.def("get_results", get_results, nb::arg("id"), nb::arg("place"), nb::arg("console_output").none(),
             nb::arg("auto_cleanup").none(), nb::arg("console"));
  module.def("get_partial_results", get_partial_results);
  module.def("pack", [](nb::handle value) {
    std::string bytes;
    if (!append_tree(bytes, value.ptr())) throw nb::python_error();
    return nb::bytes(bytes.data(), bytes.size());
  });
}

}  // namespace errand::python
