// SPDX-License-Identifier: Apache-2.0
#include "golden_block.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace errand::golden {

std::string read_document(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " cannot be read";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_golden_block(const std::string& path, std::string_view name, std::string_view content) {
  std::string document = read_document(path);
  std::string begin_mark = "<!-- golden: " + std::string(name) + " -->\n";
  std::size_t begin = document.find(begin_mark);
  ASSERT_NE(begin, std::string::npos) << path << " has no block " << name;
  begin += begin_mark.size();
  std::size_t end = document.find("<!-- end of golden -->", begin);
  ASSERT_NE(end, std::string::npos) << path << ": the block " << name << " has no end";
  std::string wanted = "```text\n" + std::string(content) + "```\n";
  if (const char* accept = std::getenv("ERRAND_ACCEPT"); accept != nullptr && *accept == '1') {
    document.replace(begin, end - begin, wanted);
    std::ofstream(path, std::ios::binary) << document;
    return;
  }
  EXPECT_EQ(document.substr(begin, end - begin), wanted)
      << path << " is stale: look at the difference; if it is meant, run with ERRAND_ACCEPT=1";
}

}  // namespace errand::golden
