// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <errand/errand.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

/// The command line that the examples share, so that each of them is only its job:
///
///     dice              submits, waits with a progress line, prints the results
///     dice submit       submits, prints the id and ends
///     dice fetch ID     in another process, at any later time: waits and prints the results
namespace example {

inline int fail(const errand::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "%s\n", error.hint.c_str());
  return 1;
}

/// The context of all examples: this machine's cores, not waiting.
inline errand::ComputeContext here() {
  auto context = errand::LocalParallel();
  context.wait = false;
  return context;
}

/// One line that is rewritten on a terminal; silent elsewhere.
inline void show_progress(const errand::StatusReport& report) {
  if (isatty(STDERR_FILENO) == 0) return;
  const errand::Progress& progress = report.progress;
  std::fprintf(stderr, "\r%-8s %llu of %llu tasks", errand::to_string(report.status).data(),
               static_cast<unsigned long long>(progress.succeeded + progress.failed),
               static_cast<unsigned long long>(progress.total));
  if (errand::is_settled(report.status)) std::fputc('\n', stderr);
}

/// Waits for the job and hands its results to `print`, which gives the exit code. With them in memory
/// the job's directory is removed, as contexts do by default.
template <class R, class Print>
int fetch(const errand::Job<R>& job, Print print) {
  errand::WaitOptions options;
  options.progress = show_progress;
  if (auto ended = job.wait(options); !ended) return fail(ended.error());
  auto results = job.results();
  if (!results) return fail(results.error());
  if (!results->warning.empty()) std::fprintf(stderr, "%s\n", results->warning.c_str());
  return print(*results);
}

/// `submit` gives a Result<Job<R>>, `print` takes a JobResults<R>.
template <class Submit, class Print>
int submit_and_fetch(int argc, char** argv, Submit submit, Print print) {
  using Job = typename std::remove_cvref_t<decltype(submit().value())>;
  std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "fetch" && argc == 3) return fetch(Job(errand::JobRef(argv[2])), print);
  if (argc > 2 || !(verb.empty() || verb == "submit")) {
    std::fprintf(stderr, "usage: %s [submit | fetch ID]\n", argv[0]);
    return 2;
  }
  auto job = submit();
  if (!job) return fail(job.error());
  std::printf("%s\n", job->id().c_str());
  std::fflush(stdout);
  return verb == "submit" ? 0 : fetch(*job, print);
}

}  // namespace example
