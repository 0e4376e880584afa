// SPDX-License-Identifier: Apache-2.0
#include "programs/fake_lsf_jobs.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

/// A program that speaks as LSF's commands do, under whose names it is called: bsub, bjobs, bkill, bresume,
/// bhist and bparams, as far as errand's dialect uses them. It is no LSF: it runs the elements of an array as
/// processes of this machine, one manager a job. $FAKE_LSF_OLD: as before -json. $FAKE_LSF_CLEAN:
/// CLEAN_PERIOD, after so many seconds bjobs forgets what has ended, and bhist knows it.
namespace fake_lsf {
namespace {

using nlohmann::json;

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

bool is_forgotten(const Element& element) {
  const char* period = std::getenv("FAKE_LSF_CLEAN");
  return period != nullptr && element.finished != 0 &&
         element.finished + std::stoi(period) <= std::time(nullptr);
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
      if (is_forgotten(element)) continue;
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

std::string event_time(std::time_t time) {
  char text[32];
  std::strftime(text, sizeof text, "%a %b %d %H:%M:%S", std::localtime(&time));
  return text;
}

/// As "Example output of bacct and bhist" has it: each event with its time, on a line of its own (-UF).
void print_history(int id, const Job& job, int k, const Element& element) {
  const std::string end = event_time(element.finished);
  std::cout << "Job <" << id << "[" << k << "]>, Job Name <" << job.name << "[" << k
            << "]>, User <user1>, Project <default>, Command <#!/bin/sh>\n"
            << end << ": Submitted from host <hostA>, to Queue <normal>;\n";
  if (element.exit_code != 0) {
    std::cout << end << ": Exited with exit code " << element.exit_code
              << ". The CPU time used is 0.1 seconds;\n";
  } else if (element.reason.empty()) {
    std::cout << end << ": Done successfully. The CPU time used is 0.1 seconds;\n";
  }
  if (!element.reason.empty()) {
    std::cout << end << ": Completed <exit>; " << element.reason << ": job killed by owner;\n";
  }
  std::cout << "\nSummary of time in seconds spent in various states by  " << end << "\n"
            << "------------------------------------------------------------------------------\n\n";
}

/// The name after -J may end in a star.
bool is_wanted(const std::string& name, std::string wanted) {
  if (!wanted.ends_with('*')) return name == wanted;
  wanted.pop_back();
  return name.starts_with(wanted);
}

int bhist(const std::vector<std::string>& words) {
  auto flag = std::find(words.begin(), words.end(), "-J");
  if (flag == words.end() || flag + 1 == words.end()) return refuse("No matching job found");
  bool found = false;
  for (int id : job_ids()) {
    const fs::path directory = home() / std::to_string(id);
    const Job job = read_job(directory);
    for (int k = 1; k <= job.elements && is_wanted(job.name, flag[1]); ++k) {
      const Element element = read_element(directory, k);
      if (element.finished == 0) continue;
      found = true;
      print_history(id, job, k, element);
    }
  }
  return found ? 0 : refuse("No matching job found");
}

int bparams() {
  std::cout << "lsb.params configuration at Sat Nov 21 13:59:28 2026\n"
            << "    CLEAN_PERIOD = 3600 (second)\n"
            << "    MAX_JOB_ARRAY_SIZE = 1000\n";
  return 0;
}

}  // namespace
}  // namespace fake_lsf

int main(int argc, char** argv) {
  using namespace fake_lsf;
  const std::string called = std::filesystem::path(argv[0]).filename();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (called == "bsub") return bsub();
  if (called == "bjobs") return bjobs(words);
  if (called == "bkill") return bkill(words);
  if (called == "bresume") return bresume(words);
  if (called == "bparams") return bparams();
  if (called == "bhist") return bhist(words);
  return refuse(called + " is no command of LSF that is known here");
}
