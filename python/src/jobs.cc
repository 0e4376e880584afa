// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/pair.h>

#include "binding.h"
#include "errand/job.h"

namespace errand::python {
namespace {

nb::dict as_dict(const Progress& progress) {
  nb::dict counts;
  counts["succeeded"] = progress.succeeded;
  counts["failed"] = progress.failed;
  counts["running"] = progress.running;
  counts["waiting"] = progress.waiting;
  counts["total"] = progress.total;
  return counts;
}

nb::tuple as_tuple(const StatusReport& report) {
  return nb::make_tuple(std::string(to_string(report.status)), report.reason, as_dict(report.progress));
}

/// Waits without the GIL. Python's signal handlers run as soon as a signal interrupts the wait, within a
/// second if it came just before; what they raise ends it. `progress`: None, or called with every report.
nb::tuple wait(const std::string& id, const std::string& place, std::optional<double> timeout,
               nb::object progress) {
  PendingException raised_inside;
  auto call_python = [&](auto act) {
    nb::gil_scoped_acquire locked;
    try {
      if (!raised_inside.is_set()) act();
    } catch (nb::python_error& raised) {
      raised.restore();
      raised_inside.keep();
    }
    return raised_inside.is_set();
  };
  WaitOptions options;
  if (timeout) options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(*timeout * 1e3));
  options.interrupted = [&](bool) {
    return call_python([] {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    });
  };
  if (!progress.is_none()) {
    options.progress = [&](const StatusReport& report) { call_python([&] { progress(as_tuple(report)); }); };
  }
  auto waited = [&] {
    nb::gil_scoped_release unlocked;
    return wait_for_job(JobRef(id, place), options);
  }();
  raised_inside.raise_again();
  return as_tuple(take(std::move(waited)));
}

nb::str decode(const std::string& text) {
  return nb::steal<nb::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

nb::dict as_dict(const JobSummary& summary) {
  nb::dict fields;
  fields["id"] = summary.id;
  fields["place"] = summary.place;
  fields["function"] = decode(summary.function);
  fields["status"] = summary.status ? std::string(to_string(*summary.status)) : std::string("none");
  fields["reason"] = decode(summary.reason);
  fields["progress"] = as_dict(summary.progress);
  fields["created_ns"] = summary.created_ns;
  fields["modified_ns"] = summary.modified_ns;
  fields["engine"] = summary.engine;
  fields["host"] = summary.host;
  fields["user"] = summary.user;
  return fields;
}

nb::dict as_dict(const WorkerInfo& worker) {
  nb::dict fields;
  fields["name"] = worker.name;
  fields["host"] = worker.host;
  fields["pid"] = worker.pid;
  fields["alive"] = worker.alive;
  fields["done"] = worker.done;
  fields["failed"] = worker.failed;
  fields["current_task"] = worker.current_task ? nb::object(nb::int_(*worker.current_task)) : nb::none();
  return fields;
}

nb::dict get_info(const std::string& id, const std::string& place) {
  JobInfo info = take_unlocked([&] { return get_job_info(JobRef(id, place)); });
  nb::dict fields = as_dict(info.summary);
  fields["context"] = info.context;
  fields["working_directory"] = decode(info.working_directory);
  nb::list environment;
  for (const std::string& variable : info.environment) environment.append(decode(variable));
  fields["environment"] = environment;
  fields["seed"] = info.seed ? nb::object(nb::int_(*info.seed)) : nb::none();
  fields["chunk_size"] = info.chunk_size;
  fields["continue_on_failure"] = info.continue_on_failure;
  fields["program"] = decode(info.program);
  fields["signature"] = decode(info.signature);
  nb::dict used;
  used["cpu_seconds"] = static_cast<double>(info.used.cpu_time.count()) / 1e3;
  used["peak_memory"] = info.used.peak_memory;
  used["measured_tasks"] = info.used.measured_tasks;
  used["hosts"] = info.used.hosts;
  fields["used"] = used;
  nb::list workers;
  for (const WorkerInfo& worker : info.workers) workers.append(as_dict(worker));
  fields["workers"] = workers;
  fields["requests"] = info.requests;
  return fields;
}

nb::list list_jobs(const ComputeContext& context, bool exact_match, std::optional<std::int64_t> start_ns,
                   std::optional<std::int64_t> end_ns, std::vector<std::string> states) {
  JobsOptions options;
  options.exact_match = exact_match;
  options.start_ns = start_ns;
  options.end_ns = end_ns;
  options.states = std::move(states);
  nb::list jobs;
  for (const JobSummary& summary : take_unlocked([&] { return get_jobs(context, options); })) {
    jobs.append(as_dict(summary));
  }
  return jobs;
}

nb::tuple clean_up(const std::vector<std::pair<std::string, std::string>>& jobs, bool force) {
  std::vector<JobRef> named;
  for (const auto& [id, place] : jobs) named.emplace_back(id, place);
  std::string directories;
  CleanupOptions options;
  options.force = force;
  options.removed = [&](std::string_view path) { directories.append(path).append("\n"); };
  CleanupReport report = take_unlocked([&] { return cleanup_jobs(named, options); });
  return nb::make_tuple(report.removed, report.warnings, decode(directories));
}

nb::bytes get_output(const std::string& id, const std::string& place, std::optional<std::uint64_t> task) {
  std::string text;
  OutputOptions options;
  options.task = task;
  take_unlocked([&] {
    return get_job_output(
        JobRef(id, place), [&](std::string_view part) { text.append(part); }, options);
  });
  return nb::bytes(text.data(), text.size());
}

nb::tuple as_tuple(const JobRef& job) {
  return nb::make_tuple(job.id(), job.place());
}

}  // namespace

void bind_jobs(nb::module_& module) {
  using Text = const std::string&;
  module.def("find_job", [](Text name, Text place, bool for_writing) {
    return as_tuple(take_unlocked([&] { return find_job(JobRef(name, place), for_writing); }));
  });
  module.def("last_pending_job", [] { return as_tuple(take(last_pending_job())); });
  module.def("get_status", [](Text id, Text place) {
    return as_tuple(take_unlocked([&] { return get_job_status(JobRef(id, place)); }));
  });
  module.def("wait", wait, nb::arg("id"), nb::arg("place"), nb::arg("timeout").none(),
             nb::arg("progress").none());
  module.def("get_info", get_info);
  module.def("list_jobs", list_jobs, nb::arg("context"), nb::arg("exact_match"), nb::arg("start_ns").none(),
             nb::arg("end_ns").none(), nb::arg("states"));
  module.def("clean_up", clean_up);
  module.def("get_output", get_output, nb::arg("id"), nb::arg("place"), nb::arg("task").none());
  module.def("cancel", [](Text id, Text place) {
    CancelReport report = take_unlocked([&] { return cancel_job(JobRef(id, place)); });
    return nb::make_tuple(report.canceled, report.message,
                          nb::bytes(report.output.data(), report.output.size()));
  });
  module.def("retry", [](Text id, Text place) {
    RetryReport report = take_unlocked([&] { return retry_job(JobRef(id, place)); });
    return nb::make_tuple(report.tasks, report.message);
  });
}

}  // namespace errand::python
