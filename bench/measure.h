// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <errand/errand.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What every measuring program needs: its arguments, a place of its own, a clock, and one line of JSON
/// per figure on standard output. A failure ends the program: a figure is never made up.
namespace bench {

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

/// The value of a Result; its error ends the program.
template <class T>
T must(errand::Result<T> result) {
  if (!result) give_up(result.error().message + " " + result.error().hint);
  return *std::move(result);
}
inline void must(const errand::Result<void>& result) {
  if (!result) give_up(result.error().message + " " + result.error().hint);
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Work>
double seconds_of(Work work) {
  double begin = seconds_now();
  work();
  return seconds_now() - begin;
}

inline double median(std::vector<double> values) {
  if (values.empty()) give_up("nothing was measured");
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// `--quick` and `--share-dir DIR`, in any order; everything else is the program's own.
struct Arguments {
  bool quick = false;
  std::string parent;  ///< where the place is made; the programs' own folder by default
  std::vector<std::string> rest;

  Arguments(int argc, char** argv) {
    parent = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
    for (int i = 1; i < argc; ++i) {
      std::string_view word = argv[i];
      if (word == "--quick") {
        quick = true;
      } else if (word == "--share-dir" && i + 1 < argc) {
        parent = argv[++i];
      } else {
        rest.emplace_back(word);
      }
    }
  }
  template <class Number>
  [[nodiscard]] Number pick(Number full, Number smoke) const {
    return quick ? smoke : full;
  }
};

/// A fresh folder for one run, removed at its end together with what still runs for it. The list of
/// places that submissions are noted in goes there too, so that measuring leaves no trace.
class Workspace {
 public:
  explicit Workspace(const Arguments& arguments) {
    std::string pattern = arguments.parent + "/bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) give_up("no folder can be made in " + arguments.parent);
    path_ = std::filesystem::canonical(pattern).string();
    setenv("XDG_STATE_HOME", (path_ + "/state").c_str(), 1);
    setenv("XDG_CONFIG_HOME", (path_ + "/config").c_str(), 1);
    setenv("ERRAND_SHARE_DIR", place().c_str(), 1);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() {
    stop_agents();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string place() const { return path_ + "/share"; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// This machine's cores, not waiting, in this place.
  [[nodiscard]] errand::ComputeContext context() const {
    auto context = errand::LocalParallel();
    context.wait = false;
    context.share_dir = place();
    return context;
  }

  /// Ends the agents of this place; the next submission starts a new one.
  void stop_agents() const;

 private:
  std::string path_;
};

/// One line of the table. `target` is text; `met` says whether it was reached, if it is a number at all.
struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> floor = {};  ///< the same unit, measured in the same run
  std::string floor_name = {};
  std::string target = {};
  std::optional<bool> met = {};
};

/// Names are our own and hold nothing that JSON would want escaped.
inline void report(const Figure& figure) {
  std::printf(R"({"figure": "%s", "value": %.6g, "unit": "%s")", figure.name.c_str(), figure.value,
              figure.unit.c_str());
  if (figure.floor) {
    std::printf(R"(, "floor": %.6g, "floor_name": "%s")", *figure.floor, figure.floor_name.c_str());
  }
  if (!figure.target.empty()) std::printf(R"(, "target": "%s")", figure.target.c_str());
  if (figure.met) std::printf(R"(, "met": %s)", *figure.met ? "true" : "false");
  std::printf("}\n");
  std::fflush(stdout);
}

}  // namespace bench

#include "processes.h"
