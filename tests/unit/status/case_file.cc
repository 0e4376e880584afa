// SPDX-License-Identifier: Apache-2.0
#include "unit/status/case_file.h"

#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

namespace errand::status {
namespace {

using Number = std::int64_t;
using Fields = std::map<std::string, std::function<void(Number)>>;
using Texts = std::map<std::string, std::function<void(const std::string&)>>;

template <class T>
std::function<void(Number)> store(T& target) {
  return [&target](Number number) { target = static_cast<T>(number); };
}

std::function<void(const std::string&)> store_text(std::string& target) {
  return [&target](const std::string& text) { target = text; };
}

Fields place_fields(Evidence& e) {
  return {{"place_readable", store(e.place_readable)},
          {"exists", store(e.exists)},
          {"verdict_canceled", store(e.verdict_canceled)},
          {"cancel_requested", store(e.cancel_requested)},
          {"total", store(e.total)},
          {"closed", store(e.closed)},
          {"values", store(e.values)},
          {"errors", store(e.errors)},
          {"given_up", store(e.given_up)},
          {"durable", store(e.durable)},
          {"to_run_again", store(e.to_run_again)},
          {"continue_on_failure", store(e.continue_on_failure)},
          {"engine_id_recorded", store(e.engine_id_recorded)},
          {"submitter_alive", store(e.submitter_alive)},
          {"age", [&e](Number seconds) { e.age_ns = seconds * 1'000'000'000; }},
          {"worker_log_exists", store(e.worker_log_exists)},
          {"running_tasks", store(e.running_tasks)}};
}

Fields engine_fields(EngineReport& r) {
  return {{"alive", store(r.alive)},         {"waiting", store(r.waiting)},
          {"gone", store(r.gone)},           {"ended_recently", store(r.ended_recently)},
          {"forgotten", store(r.forgotten)}, {"silent", store(r.silent)},
          {"started", store(r.started)}};
}

FirstFailure first_failure(const std::string& text) {
  FirstFailure failure;
  std::istringstream in(text);
  in >> failure.task >> std::ws;
  std::getline(in, failure.message);
  return failure;
}

Texts text_fields(StatusCase& one) {
  return {{"place.place_problem", store_text(one.evidence.place_problem)},
          {"place.deleted", store_text(one.evidence.deleted)},
          {"place.first_failure",
           [&one](const std::string& text) { one.evidence.first_failure = first_failure(text); }},
          {"engine.reason", store_text(one.engine.reason)},
          {"engine.blocked", store_text(one.engine.blocked)},
          {"engine.asked", store_text(one.engine.asked)},
          {"engine.engine", store_text(one.engine.engine)},
          {"reason", store_text(one.reason)}};
}

const std::map<std::string, EngineReport::Search> searches{{"not_asked", EngineReport::Search::not_asked},
                                                           {"found", EngineReport::Search::found},
                                                           {"not_there", EngineReport::Search::not_there},
                                                           {"silent", EngineReport::Search::silent}};

void set_fields(StatusCase& one, const Fields& fields, const std::string& line) {
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (auto search = searches.find(value); key == "search" && search != searches.end()) {
      one.engine.search = search->second;
      continue;
    }
    Number number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = error == std::errc() && end == value.data() + value.size() && !value.empty();
    auto field = fields.find(key);
    if (!whole || field == fields.end()) {
      one.problems.push_back("cannot read '" + word + "'");
      continue;
    }
    field->second(number);
  }
}

void set_status(StatusCase& one, const std::string& word) {
  if (auto status = parse_job_status(word)) {
    one.status = *status;
  } else {
    one.problems.push_back("no status '" + word + "'");
  }
}

void set_progress(StatusCase& one, const std::string& text) {
  std::istringstream in(text);
  Progress& p = one.progress;
  if (!(in >> p.succeeded >> p.failed >> p.running >> p.waiting >> p.total)) {
    one.problems.push_back("no progress '" + text + "'");
  }
}

void set(StatusCase& one, const std::string& key, const std::string& text) {
  const Texts texts = text_fields(one);
  if (auto field = texts.find(key); field != texts.end()) {
    field->second(text);
  } else if (key == "place") {
    set_fields(one, place_fields(one.evidence), text);
  } else if (key == "engine") {
    set_fields(one, engine_fields(one.engine), text);
  } else if (key == "status") {
    set_status(one, text);
  } else if (key == "progress") {
    set_progress(one, text);
  } else {
    one.problems.push_back("no key '" + key + "'");
  }
}

}  // namespace

std::vector<StatusCase> read_cases(const std::string& path) {
  std::vector<StatusCase> cases;
  std::ifstream in(path);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon);
    const std::string text = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (key == "case") {
      cases.emplace_back();
      cases.back().name = text;
      cases.back().origin = path + ":" + std::to_string(number);
    } else if (!cases.empty()) {
      set(cases.back(), key, text);
    }
  }
  return cases;
}

bool matches(const std::string& text, const std::string& pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return text == pattern;
  const std::string head = pattern.substr(0, star);
  const std::string tail = pattern.substr(star + 1);
  return text.size() >= head.size() + tail.size() && text.starts_with(head) && text.ends_with(tail);
}

}  // namespace errand::status
