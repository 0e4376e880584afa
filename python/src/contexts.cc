// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/map.h>

#include "binding.h"
#include "errand/compute_context.h"
#include "errand/data_source.h"
#include "errand/job.h"
#include "errand/language.h"

namespace errand::python {

namespace {

/// Of a connection string all but its password, which stays in this process.
std::string without_password(const std::string& place) {
  return is_connection_string(place) ? take(remember_connection({place, {}, {}, {}, {}})) : place;
}

}  // namespace

void bind_contexts(nb::module_& module) {
  nb::class_<ComputeContext>(module, "ComputeContext", "The core's compute context: a plain value.")
      .def(nb::init<>())
      .def("copy", [](const ComputeContext& self) { return self; })
      .def_rw("engine", &ComputeContext::engine)
      .def_rw("sequential", &ComputeContext::sequential)
      .def_rw("wait", &ComputeContext::wait)
      .def_rw("console_output", &ComputeContext::console_output)
      .def_rw("auto_cleanup", &ComputeContext::auto_cleanup)
      .def_prop_rw(
          "share_dir", [](const ComputeContext& self) { return self.share_dir; },
          [](ComputeContext& self, const std::string& text) { self.share_dir = without_password(text); })
      .def_rw("working_directory", &ComputeContext::working_directory)
      .def_rw("cores", &ComputeContext::cores)
      .def_rw("environment", &ComputeContext::environment)
      .def_rw("packages_to_load", &ComputeContext::packages_to_load)
      .def_prop_rw(
          "task_time_limit",
          [](const ComputeContext& self) { return static_cast<double>(self.task_time_limit.count()) / 1e3; },
          [](ComputeContext& self, double seconds) {
            self.task_time_limit = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3));
          })
      .def_rw("task_memory_limit", &ComputeContext::task_memory_limit)
      .def_rw("console_limit", &ComputeContext::console_limit)
      .def_rw("lost_task_retries", &ComputeContext::lost_task_retries)
      .def_rw("trusted_owners", &ComputeContext::trusted_owners)
      .def_rw("engine_options", &ComputeContext::engine_options)
      .def("__eq__", [](const ComputeContext& self, const ComputeContext& other) { return self == other; });

  module.def("make_compute_context",
             [](const std::string& name) { return take(make_compute_context(name)); });
  module.def("get_compute_context", [] { return take(compute_context_in_force()); });
  module.def("set_compute_context",
             [](const ComputeContext& context) { return set_compute_context(context); });
  module.def("engine_options",
             [](const std::string& engine) { return take(language::engine_options(engine)); });
  module.def("in_database", [](const std::string& connection_string, const ComputeContext& base) {
    return take(InDatabase(connection_string, base));
  });
  module.def("place_name",
             [](const std::string& place) { return JobRef("", without_password(place)).place(); });
  module.def("resolve_share_dir", [](const ComputeContext& context) { return resolve_share_dir(context); });
}

}  // namespace errand::python
