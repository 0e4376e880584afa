// SPDX-License-Identifier: Apache-2.0
#include "cli/results_printer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace errand::cli {
namespace {

Outcomes partial(std::initializer_list<std::uint64_t> tasks) {
  std::vector<EncodedOutcome> outcomes;
  for (std::uint64_t task : tasks) {
    outcomes.push_back({task, 0, EncodedValue{Codec::raw, Buffer::copy_of(std::string_view("v"))}});
  }
  return Outcomes(std::move(outcomes));
}

/// What a printer, driven by `drive`, makes of the outcomes: the "results" of the JSON report.
template <class Drive>
nlohmann::json printed(const Outcomes& outcomes, Drive drive) {
  char* text = nullptr;
  std::size_t size = 0;
  OutputStream out(open_memstream(&text, &size));
  auto report = make_json_report({out, out, {}, {}});
  report->begin_results({JobRef("id"), outcomes.tasks(), false, true});
  ResultsPrinter printer(*report, outcomes, {0, outcomes.size()});
  drive(printer);
  printer.finish();
  report->end_results("");
  EXPECT_TRUE(out.close());
  auto root = nlohmann::json::parse(std::string(text, size));
  std::free(text);  // NOLINT: open_memstream allocates with malloc
  return root["results"];
}

TEST(ResultsPrinter, WithoutTextsLinesComeWithoutOutput) {
  auto lines = printed(partial({0, 1}), [](ResultsPrinter&) {});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_FALSE(lines[0].contains("output"));
}

TEST(ResultsPrinter, EveryTaskGetsItsOwnText) {
  auto lines = printed(partial({0, 1, 2, 5}), [](ResultsPrinter& printer) {
    printer.expect_texts();
    printer.text_of(1);
    printer.text("one ");
    printer.text("more");
    printer.text_of(5);
    printer.text("five");
  });
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0]["output"], "");
  EXPECT_EQ(lines[1]["output"], "one more");
  EXPECT_EQ(lines[2]["output"], "");
  EXPECT_EQ(lines[3]["output"], "five");
}

TEST(ResultsPrinter, TextOfATaskWithoutOutcomeIsNobodys) {
  auto lines = printed(partial({1, 3}), [](ResultsPrinter& printer) {
    printer.expect_texts();
    for (std::uint64_t task : {0, 2, 3, 4}) {
      printer.text_of(task);
      printer.text(std::to_string(task));
    }
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["output"], "");
  EXPECT_EQ(lines[1]["output"], "3");
}

TEST(ResultsPrinter, AfterAFailureTheRestComesWithout) {
  auto lines = printed(partial({0, 1, 2}), [](ResultsPrinter& printer) {
    printer.expect_texts();
    printer.text_of(1);
    printer.text("half");
    printer.no_more_texts();
  });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1]["output"], "half");
  EXPECT_FALSE(lines[2].contains("output"));
}

}  // namespace
}  // namespace errand::cli
