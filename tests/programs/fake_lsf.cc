// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

/// A program that speaks as LSF's commands do, under whose names it is called: bsub, bjobs, bkill, bresume,
/// bhist and bparams, as far as errand's dialect uses them. It is no LSF: it runs the elements of an array as
/// processes of this machine, one manager a job, and keeps all it knows below $FAKE_LSF_DIR:
///
///     ID/job        name, output, requeue code, most at once, held, one a line; ID/script
///     ID/K          an element: state, exit code, reason, process, finish time
///     ID/kill.K     somebody asks for its end        ID/resume   a held job is let go
///
/// A manager ends with its job, with its directory, and after ten minutes. $FAKE_LSF_OLD: as before -json.
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::chrono::milliseconds look_again{10};
constexpr std::chrono::minutes longest_life{10};
constexpr std::chrono::milliseconds between_signals{200};

fs::path home() {
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

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, const std::string& text) {
  const fs::path draft = path.string() + ".new";
  std::ofstream(draft) << text;
  std::error_code ignored;
  fs::rename(draft, path, ignored);
}

Job read_job(const fs::path& directory) {
  Job job;
  std::istringstream text(read_text(directory / "job"));
  std::getline(text, job.name);
  std::getline(text, job.output);
  text >> job.requeue_code >> job.elements >> job.most >> job.held;
  return job;
}

Element read_element(const fs::path& directory, int k) {
  Element element;
  std::istringstream text(read_text(directory / std::to_string(k)));
  text >> element.state >> element.exit_code >> element.process >> element.finished >> element.reason;
  return element;
}

void write_element(const fs::path& directory, int k, const Element& element) {
  std::ostringstream text;
  text << element.state << " " << element.exit_code << " " << element.process << " " << element.finished
       << " " << element.reason << "\n";
  write_text(directory / std::to_string(k), text.str());
}

std::vector<int> job_ids() {
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

int refuse(const std::string& why) {
  std::cerr << why << "\n";
  return 255;
}

/// The value of "#BSUB FLAG VALUE", without its quotes; "" if the script has none.
std::string directive(const std::string& script, const std::string& flag) {
  const std::string begin = "#BSUB " + flag + " ";
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, begin.size(), begin) != 0) continue;
    line.erase(0, begin.size());
    if (line.size() > 1 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    return line;
  }
  return {};
}

int bsub() {
  constexpr int slots = 8;
  const std::string script{std::istreambuf_iterator<char>(std::cin), {}};
  const std::string array = directive(script, "-J");  // name[1-N]%M
  Job job;
  int limit = 0;
  const auto bracket = array.find('[');
  if (bracket == std::string::npos ||
      std::sscanf(array.c_str() + bracket, "[1-%d]%%%d", &job.elements, &limit) < 1) {
    return refuse(array + ": Bad job array. Job not submitted.");
  }
  job.name = array.substr(0, bracket);
  job.output = directive(script, "-o");
  const std::string queue = directive(script, "-q");
  if (!queue.empty() && queue != "normal") return refuse(queue + ": No such queue. Job not submitted.");
  if (job.elements > 1000) return refuse("Job array index too large. Job not submitted.");
  const std::string code = directive(script, "-Q");
  job.requeue_code = code.empty() ? -1 : std::stoi(code);
  job.most = limit > 0 ? limit : slots;
  job.held = script.find("\n#BSUB -H\n") != std::string::npos;
  fs::create_directories(home());
  int id = 101;
  while (!fs::create_directory(home() / std::to_string(id))) ++id;
  const fs::path directory = home() / std::to_string(id);
  write_text(directory / "script", script);
  for (int k = 1; k <= job.elements; ++k) write_element(directory, k, {});
  std::ostringstream text;
  text << job.name << "\n"
       << job.output << "\n"
       << job.requeue_code << " " << job.elements << " " << job.most << " " << job.held << "\n";
  write_text(directory / "job", text.str());
  std::cout << "Job <" << id << "> is submitted to " << (queue.empty() ? "default queue" : "queue")
            << " <normal>." << std::endl;
  if (fork() == 0) {
    setsid();
    const int nothing = open("/dev/null", O_RDWR);
    for (int stream : {0, 1, 2}) dup2(nothing, stream);
    Manager(id, directory).run();
  }
  _exit(0);
}

std::string short_time(std::time_t time) {
  if (time == 0) return {};
  char text[32];
  std::strftime(text, sizeof text, "%b %d %H:%M L", std::localtime(&time));
  return text;
}

json record_of(int id, const Job& job, int k, const Element& element) {
  const bool failed = element.exit_code != 0;
  return {{"JOBID", std::to_string(id)},
          {"JOBINDEX", std::to_string(k)},
          {"STAT", element.state},
          {"JOB_NAME", job.name + "[" + std::to_string(k) + "]"},
          {"EXIT_CODE", failed ? std::to_string(element.exit_code) : ""},
          {"EXIT_REASON", element.reason.empty() ? "" : element.reason + ": job killed by owner"},
          {"PEND_REASON", element.state == "PEND" ? "New job is waiting for scheduling;" : ""},
          {"FINISH_TIME", short_time(element.finished)}};
}

int bjobs(const std::vector<std::string>& words) {
  const bool as_json = std::find(words.begin(), words.end(), "-json") != words.end();
  if (as_json && std::getenv("FAKE_LSF_OLD") != nullptr) return refuse("bjobs: Illegal option -- json");
  json records = json::array();
  std::string list;
  for (int id : job_ids()) {
    const fs::path directory = home() / std::to_string(id);
    const Job job = read_job(directory);
    for (int k = 1; k <= job.elements; ++k) {
      const Element element = read_element(directory, k);
      records.push_back(record_of(id, job, k, element));
      list += std::to_string(id) + "     user1   " + element.state + "  normal     hostA       " +
              (element.state == "RUN" ? "hostB" : "") + "       " + job.name + "[" + std::to_string(k) +
              "] Oct 22 13:51\n";
    }
  }
  if (as_json) {
    std::cout << json{{"COMMAND", "bjobs"}, {"JOBS", records.size()}, {"RECORDS", records}}.dump(2) << "\n";
    return 0;
  }
  if (list.empty()) return refuse("No job found");
  std::cout << "JOBID   USER    STAT  QUEUE      FROM_HOST   EXEC_HOST   JOB_NAME   SUBMIT_TIME\n" << list;
  return 0;
}

/// Calls `act` for each job of the name after -J; says what LSF says if there is none.
template <typename Act>
int for_jobs_named(const std::vector<std::string>& words, const Act& act) {
  auto flag = std::find(words.begin(), words.end(), "-J");
  bool found = false;
  for (int id : job_ids()) {
    const fs::path directory = home() / std::to_string(id);
    const Job job = read_job(directory);
    if (flag == words.end() || flag + 1 == words.end() || job.name != flag[1]) continue;
    found = true;
    act(directory, job);
  }
  return found ? 0 : refuse("No matching job found");
}

int bkill(const std::vector<std::string>& words) {
  return for_jobs_named(words, [](const fs::path& directory, const Job& job) {
    for (int k = 1; k <= job.elements; ++k) write_text(directory / ("kill." + std::to_string(k)), "");
  });
}

int bresume(const std::vector<std::string>& words) {
  return for_jobs_named(words,
                        [](const fs::path& directory, const Job&) { write_text(directory / "resume", ""); });
}

int bparams() {
  std::cout << "lsb.params configuration at Sat Nov 21 13:59:28 2026\n"
            << "    CLEAN_PERIOD = 3600 (second)\n"
            << "    MAX_JOB_ARRAY_SIZE = 1000\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string called = fs::path(argv[0]).filename();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (called == "bsub") return bsub();
  if (called == "bjobs") return bjobs(words);
  if (called == "bkill") return bkill(words);
  if (called == "bresume") return bresume(words);
  if (called == "bparams") return bparams();
  if (called == "bhist") return refuse("No matching job found");
  return refuse(called + " is no command of LSF that is known here");
}
