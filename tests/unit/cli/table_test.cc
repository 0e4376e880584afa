// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/visible_text.h"

namespace errand::cli {
namespace {

Table example() {
  Table table({{"JOB"}, {"DONE", true, 1}, {"CREATED", false, 2}, {"FUNCTION"}});
  table.add({{"abc123"}, {"1/10"}, {"2024-05-31 15:00"}, {"./simulate --seed {index} --verbose"}});
  table.add({{"z"},
             {"10/10"},
             {"2024-05-31 16:00"},
             {"gr\xC3\xBC\xC3\x9F"
              "e"}});
  return table;
}

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t width = 0;
  for (std::string line; std::getline(lines, line);) width = std::max(width, code_points(line));
  return width;
}

TEST(Table, AlignsAndHasNoTrailingSpace) {
  EXPECT_EQ(example().render({false, 0, false}),
            "JOB      DONE  CREATED           FUNCTION\n"
            "abc123   1/10  2024-05-31 15:00  ./simulate --seed {index} --verbose\n"
            "z       10/10  2024-05-31 16:00  gr\xC3\xBC\xC3\x9F"
            "e\n");
}

TEST(Table, ShortensTheLastColumnFirst) {
  EXPECT_EQ(example().render({true, 52, false}),
            "JOB      DONE  CREATED           FUNCTION\n"
            "abc123   1/10  2024-05-31 15:00  ./simulate --seed …\n"
            "z       10/10  2024-05-31 16:00  gr\xC3\xBC\xC3\x9F"
            "e\n");
}

TEST(Table, LeavesOutWhatIsDispensableWhenNarrow) {
  std::string forty = example().render({true, 40, false});
  EXPECT_EQ(forty.find("CREATED"), std::string::npos);
  EXPECT_NE(forty.find("DONE"), std::string::npos);
  std::string narrow = example().render({true, 25, false});
  EXPECT_EQ(narrow.find("DONE"), std::string::npos);
  EXPECT_NE(narrow.find("FUNCTION"), std::string::npos);
}

TEST(Table, FitsEveryWidthThatHoldsTheIds) {
  for (std::size_t width = 9; width < 90; ++width) {
    EXPECT_LE(widest(example().render({true, width, false})), width);
  }
}

TEST(Table, ColorDoesNotDisturbTheColumns) {
  Table table({{"A"}, {"B"}});
  table.add({{"x", Paint::red}, {"y"}});
  EXPECT_EQ(table.render({true, 80, true}), "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m  y\n");
}

TEST(Table, ForeignTextStaysOneHarmlessLine) {
  Table table({{"FUNCTION"}});
  table.add({{"evil\n\x1b[2J"}});
  EXPECT_EQ(table.render({true, 80, false}), "FUNCTION\nevil\\n^[[2J\n");
}

}  // namespace
}  // namespace errand::cli
