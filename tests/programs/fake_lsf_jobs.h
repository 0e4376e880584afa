// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

/// What the program that plays LSF keeps of its jobs, below $FAKE_LSF_DIR, and the process that runs one:
///
///     ID/job        name, output, requeue code, most at once, held, one a line; ID/script
///     ID/K          an element: state, exit code, reason, process, finish time
///     ID/kill.K     somebody asks for its end        ID/resume   a held job is let go
///
/// A manager ends with its job, with its directory, and after ten minutes.
namespace fake_lsf {

namespace fs = std::filesystem;

inline constexpr std::chrono::milliseconds look_again{10};
inline constexpr std::chrono::minutes longest_life{10};
inline constexpr std::chrono::milliseconds between_signals{200};

inline fs::path home() {
  const char* directory = std::getenv("FAKE_LSF_DIR");
  return directory == nullptr ? "/nonexistent" : directory;
}

struct Job {
  std::string name;
  std::string output;
  int requeue_code = -1;
  int elements = 0;
  int most = 0;
  bool held = false;
};

struct Element {
  std::string state = "PEND";
  int exit_code = 0;
  std::string reason;
  pid_t process = 0;
  std::time_t finished = 0;
};

inline std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_text(const fs::path& path, const std::string& text) {
  const fs::path draft = path.string() + ".new";
  std::ofstream(draft) << text;
  std::error_code ignored;
  fs::rename(draft, path, ignored);
}

inline Job read_job(const fs::path& directory) {
  Job job;
  std::istringstream text(read_text(directory / "job"));
  std::getline(text, job.name);
  std::getline(text, job.output);
  text >> job.requeue_code >> job.elements >> job.most >> job.held;
  return job;
}

inline Element read_element(const fs::path& directory, int k) {
  Element element;
  std::istringstream text(read_text(directory / std::to_string(k)));
  text >> element.state >> element.exit_code >> element.process >> element.finished >> element.reason;
  return element;
}

inline void write_element(const fs::path& directory, int k, const Element& element) {
  std::ostringstream text;
  text << element.state << " " << element.exit_code << " " << element.process << " " << element.finished
       << " " << element.reason << "\n";
  write_text(directory / std::to_string(k), text.str());
}

inline std::vector<int> job_ids() {
  std::vector<int> ids;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(home(), none)) {
    if (fs::exists(entry.path() / "job")) ids.push_back(std::stoi(entry.path().filename()));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// Runs the elements of one job.
class Manager {
 public:
  Manager(int id, fs::path directory)
      : id_(id), directory_(std::move(directory)), job_(read_job(directory_)) {
    elements_.resize(static_cast<std::size_t>(job_.elements));
    killed_at_.resize(elements_.size());
    if (job_.held) {
      for (int k = 1; k <= job_.elements; ++k) change(k, "PSUSP");
    }
  }

  void run() {
    const auto end = std::chrono::steady_clock::now() + longest_life;
    while (fs::exists(directory_) && std::chrono::steady_clock::now() < end) {
      if (job_.held && fs::exists(directory_ / "resume")) let_go();
      collect();
      obey_kills();
      start_more();
      if (is_over()) return;
      std::this_thread::sleep_for(look_again);
    }
    for (Element& element : elements_) {
      if (element.state == "RUN") kill(-element.process, SIGKILL);
    }
  }

 private:
  Element& at(int k) { return elements_[static_cast<std::size_t>(k - 1)]; }

  void change(int k, const std::string& state) {
    at(k).state = state;
    write_element(directory_, k, at(k));
  }

  void let_go() {
    job_.held = false;
    for (int k = 1; k <= job_.elements; ++k) change(k, "PEND");
  }

  void collect() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      for (int k = 1; k <= job_.elements; ++k) {
        if (at(k).process == pid && at(k).state == "RUN") ended(k, status);
      }
    }
  }

  void ended(int k, int status) {
    kill(-at(k).process, SIGKILL);
    const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (code == job_.requeue_code) return change(k, "PEND");
    at(k).exit_code = code;
    at(k).finished = std::time(nullptr);
    change(k, code == 0 ? "DONE" : "EXIT");
  }

  /// As bkill does: INT, then TERM, then KILL.
  void obey_kills() {
    for (int k = 1; k <= job_.elements; ++k) {
      const std::string& state = at(k).state;
      if (state == "DONE" || state == "EXIT" || !fs::exists(directory_ / ("kill." + std::to_string(k)))) {
        continue;
      }
      at(k).reason = "TERM_OWNER";
      if (state != "RUN") {
        at(k).finished = std::time(nullptr);
        change(k, "EXIT");
        continue;
      }
      auto& since = killed_at_[static_cast<std::size_t>(k - 1)];
      const auto now = std::chrono::steady_clock::now();
      if (since == std::chrono::steady_clock::time_point()) since = now;
      const auto step = (now - since) / between_signals;
      kill(-at(k).process, step == 0 ? SIGINT : step == 1 ? SIGTERM : SIGKILL);
    }
  }

  void start_more() {
    if (job_.held) return;
    int running = 0;
    for (const Element& element : elements_) running += element.state == "RUN" ? 1 : 0;
    for (int k = 1; k <= job_.elements && running < job_.most; ++k) {
      if (at(k).state != "PEND") continue;
      start(k);
      ++running;
    }
  }

  void start(int k) {
    at(k).process = fork();
    if (at(k).process == 0) become_element(k);
    change(k, "RUN");
  }

  [[noreturn]] void become_element(int k) const {
    setsid();
    std::string output = job_.output;
    if (const auto place = output.find("%I"); place != std::string::npos) {
      output.replace(place, 2, std::to_string(k));
    }
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(file < 0 ? nothing : file, 1);
    dup2(file < 0 ? nothing : file, 2);
    setenv("LSB_JOBID", std::to_string(id_).c_str(), 1);
    setenv("LSB_JOBINDEX", std::to_string(k).c_str(), 1);
    setenv("LSB_JOBNAME", (job_.name + "[" + std::to_string(k) + "]").c_str(), 1);
    execl("/bin/sh", "sh", (directory_ / "script").c_str(), nullptr);
    _exit(127);
  }

  [[nodiscard]] bool is_over() const {
    return std::all_of(elements_.begin(), elements_.end(), [](const Element& element) {
      return element.state == "DONE" || element.state == "EXIT";
    });
  }

  int id_;
  fs::path directory_;
  Job job_;
  std::vector<Element> elements_;
  std::vector<std::chrono::steady_clock::time_point> killed_at_;
};

}  // namespace fake_lsf
