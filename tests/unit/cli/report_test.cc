// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <msgpack.hpp>
#include <nlohmann/json.hpp>

namespace errand::cli {
namespace {

constexpr const char* id = "rxJob_01hz3v9k2mabcdefghjkmnpqrs";

/// A report of each manner that speaks into memory.
class Reports : public ::testing::Test {
 protected:
  struct Memory {
    char* text = nullptr;
    std::size_t size = 0;
    OutputStream stream{open_memstream(&text, &size)};
    ~Memory() {
      (void)stream.close();
      std::free(text);  // NOLINT: open_memstream allocates with malloc
    }
    std::string all() {
      stream.flush();
      return {text, size};
    }
  };

  std::unique_ptr<Report> text() { return make_text_report(channels()); }
  std::unique_ptr<Report> json() { return make_json_report(channels()); }
  std::unique_ptr<Report> quiet() { return make_quiet_report(channels()); }
  Channels channels() { return {out, err, out_terminal, err_terminal}; }
  Memory out_memory;
  Memory err_memory;
  OutputStream& out = out_memory.stream;
  OutputStream& err = err_memory.stream;
  Terminal out_terminal;
  Terminal err_terminal;
};

EncodedValue program(int code, int signal) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, std::array<int, 2>{code, signal});
  return {Codec::program, Buffer::copy_of(std::string_view(buffer.data(), buffer.size()))};
}

TaskFailure exit_failure(std::uint64_t task, int code) {
  TaskFailure failure;
  failure.task = task;
  failure.type = "exit";
  failure.message = "exit code " + std::to_string(code);
  EncodedValue end = program(code, 0);
  failure.native_codec = end.codec;
  failure.native = end.bytes;
  return failure;
}

TEST_F(Reports, SubmissionPrintsTheIdAlone) {
  text()->submitted(JobRef(id, "/place"));
  EXPECT_EQ(out_memory.all(), std::string(id) + "\n");
  EXPECT_EQ(err_memory.all(), "");
}

TEST_F(Reports, SubmissionHintsOnATerminalOnly) {
  err_terminal.interactive = true;
  text()->submitted(JobRef(id));
  EXPECT_EQ(out_memory.all(), std::string(id) + "\n");
  EXPECT_NE(err_memory.all().find("errand wait mnpqrs"), std::string::npos);
}

TEST_F(Reports, QuietNeverHints) {
  err_terminal.interactive = true;
  quiet()->submitted(JobRef(id));
  EXPECT_EQ(err_memory.all(), "");
}

TEST_F(Reports, OneStatusIsALineSeveralAreATable) {
  StatusReport report{JobStatus::queued, "queued: waiting for a free core", {0, 0, 0, 2, 2}};
  text()->statuses({{JobRef(id), report}});
  EXPECT_EQ(out_memory.all(), "queued: 0 of 2 done - waiting for a free core\n");
  text()->statuses({{JobRef(id), report}, {JobRef(id), report}});
  EXPECT_NE(out_memory.all().find("JOB     STATUS  DONE  REASON\nmnpqrs  queued   0/2  waiting"),
            std::string::npos);
}

TEST_F(Reports, AWordThatNamesNoJobDoesNotHideTheOthers) {
  StatusReport report{JobStatus::finished, "finished", {1, 0, 0, 0, 1}};
  Error unknown{ErrorCode::not_found, "no job 'zzzz'", false, "errand jobs lists them"};
  std::vector<Answer<StatusReport>> answers{{JobRef("zzzz"), unknown}, {JobRef(id), report}};
  text()->statuses(answers);
  EXPECT_NE(out_memory.all().find("finished"), std::string::npos);
  EXPECT_EQ(err_memory.all(), "errand: no job 'zzzz'\n  errand jobs lists them\n");
}

TEST_F(Reports, JsonStatusIsOneObject) {
  Error unknown{ErrorCode::not_found, "no job", true, "hint"};
  json()->statuses(
      {{JobRef(id), StatusReport{JobStatus::running, "why", {1, 2, 3, 4, 10}}}, {JobRef("zzzz"), unknown}});
  auto root = nlohmann::json::parse(out_memory.all());
  EXPECT_EQ(root["jobs"][0]["status"], "running");
  EXPECT_EQ(root["jobs"][0]["progress"]["waiting"], 4);
  EXPECT_EQ(root["jobs"][1]["error"]["code"], "not_found");
  EXPECT_EQ(err_memory.all(), "");
}

TEST_F(Reports, ProgramResultsShowExitAndOutput) {
  EncodedValue good = program(0, 0);
  TaskFailure bad = exit_failure(1, 3);
  auto report = text();
  report->begin_results({JobRef(id), 2, true, false});
  report->task_result({0, std::nullopt, &good, nullptr, "0.4929\nmore\nlines\n"});
  report->task_result({1, std::nullopt, nullptr, &bad, ""});
  report->end_results("1 of 2 tasks failed");
  EXPECT_EQ(out_memory.all(),
            "TASK  EXIT        OUTPUT\n"
            "   0  0           0.4929 (+2 lines)\n"
            "   1  3           exit code 3\n");
  EXPECT_EQ(err_memory.all(), "1 of 2 tasks failed\n");
}

TEST_F(Reports, ResultsFitTheTerminal) {
  out_terminal = {true, 30, false};
  EncodedValue good = program(0, 0);
  auto report = text();
  report->begin_results({JobRef(id), 2, true, false});
  report->task_result({0, std::nullopt, &good, nullptr, "a line that is much too long"});
  EXPECT_EQ(out_memory.all(), "TASK  EXIT        OUTPUT\n   0  0           a line that…\n");
}

TEST_F(Reports, JsonResultsAreOneObjectEvenWhenEmpty) {
  auto report = json();
  report->begin_results({JobRef(id), 0, false, true});
  report->end_results("");
  auto root = nlohmann::json::parse(out_memory.all());
  EXPECT_EQ(root["id"], id);
  EXPECT_TRUE(root["partial"]);
  EXPECT_TRUE(root["results"].empty());
  EXPECT_EQ(root["failed"], 0);
}

TEST_F(Reports, JsonResultsCarryEverything) {
  EncodedValue good = program(0, 0);
  TaskFailure bad = exit_failure(1, 3);
  auto report = json();
  report->begin_results({JobRef(id), 2, true, false});
  report->task_result({0, 1, &good, nullptr, "text \xFF\n"});
  report->task_result({1, std::nullopt, nullptr, &bad, std::nullopt});
  report->end_results("one failed");
  auto root = nlohmann::json::parse(out_memory.all());
  EXPECT_EQ(root["results"][0]["exit_code"], 0);
  EXPECT_EQ(root["results"][0]["attempt"], 1);
  EXPECT_EQ(root["results"][0]["output"], "text \xEF\xBF\xBD\n");
  EXPECT_EQ(root["results"][1]["exit_code"], 3);
  EXPECT_EQ(root["results"][1]["failure"]["cause"], "user_error");
  EXPECT_EQ(root["failed"], 1);
  EXPECT_EQ(root["warning"], "one failed");
}

TEST_F(Reports, QuietResultsAreExitCodesAsShellsSayThem) {
  EncodedValue killed = program(0, 9);
  TaskFailure bad = exit_failure(1, 3);
  auto report = quiet();
  report->task_result({0, std::nullopt, &killed, nullptr, std::nullopt});
  report->task_result({1, std::nullopt, nullptr, &bad, std::nullopt});
  EXPECT_EQ(out_memory.all(), "137\n3\n");
}

TEST_F(Reports, OutputIsDisarmedOnTerminalsAndKeptInFiles) {
  text()->text("\x1b[2J");
  EXPECT_EQ(out_memory.all(), "\x1b[2J");
  out_terminal.interactive = true;
  text()->text("\x1b[2J");
  EXPECT_EQ(out_memory.all(), "\x1b[2J^[[2J");
}

TEST_F(Reports, JsonErrorsAreObjectsOnStandardOutput) {
  json()->error({ErrorCode::timeout, "time is over", true, "ask again"}, JobRef(id));
  auto root = nlohmann::json::parse(out_memory.all());
  EXPECT_EQ(root["error"]["code"], "timeout");
  EXPECT_EQ(root["error"]["transient"], true);
  EXPECT_EQ(root["error"]["hint"], "ask again");
  EXPECT_EQ(root["id"], id);
}

TEST_F(Reports, JobsListIdsTailsAndWholeOnesWhenQuiet) {
  JobSummary job;
  job.id = id;
  job.function = "./simulate {index}";
  job.progress = {3, 1, 0, 0, 4};
  text()->jobs({job});
  EXPECT_NE(out_memory.all().find("mnpqrs  none    4/4 (1 failed)"), std::string::npos) << out_memory.all();
  EXPECT_EQ(out_memory.all().find(id), std::string::npos);
  quiet()->jobs({job});
  EXPECT_NE(out_memory.all().find(std::string(id) + "\n"), std::string::npos);
}

TEST_F(Reports, CleanupSaysWhatItRemovedAndWhatItKept) {
  auto report = text();
  report->removed("/place/jobs/x");
  report->cleaned({{"x"}, {"job y is finished: use --force"}}, {});
  EXPECT_EQ(out_memory.all(), "removed /place/jobs/x\n");
  EXPECT_EQ(err_memory.all(), "errand: job y is finished: use --force\n");
}

TEST_F(Reports, JsonCleanupIsOneObject) {
  auto report = json();
  report->removed("/place/jobs/x");
  report->cleaned({{"x"}, {"kept"}}, {{JobRef("zzzz"), Error{ErrorCode::not_found, "no job", false, ""}}});
  auto root = nlohmann::json::parse(out_memory.all());
  EXPECT_EQ(root["removed"][0], "x");
  EXPECT_EQ(root["directories"][0], "/place/jobs/x");
  EXPECT_EQ(root["warnings"][0], "kept");
  EXPECT_EQ(root["errors"][0]["error"]["code"], "not_found");
}

}  // namespace
}  // namespace errand::cli
