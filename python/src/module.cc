// SPDX-License-Identifier: Apache-2.0
#include "binding.h"
#include "errand/language.h"
#include "errand/version.h"

NB_MODULE(_core, module) {
  using namespace errand::python;
  module.attr("version") = nb::str(errand::version.data(), errand::version.size());
  module.def("use_command", [](const std::string& path) { errand::language::use_command(path); });
  bind_buffers(module);
  bind_contexts(module);
  bind_exec(module);
  bind_jobs(module);
  bind_results(module);
  bind_growing(module);
  bind_worker(module);
  bind_data_sources(module);
}
