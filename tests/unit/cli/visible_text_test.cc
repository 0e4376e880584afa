// SPDX-License-Identifier: Apache-2.0
#include "cli/visible_text.h"

#include <gtest/gtest.h>
#ifdef ERRAND_HAVE_RAPIDCHECK
#include <rapidcheck.h>
#endif

namespace errand::cli {
namespace {

TEST(Visible, LeavesPlainTextAlone) {
  EXPECT_EQ(visible("a\tb\nz\xC3\xBC\r\n"), "a\tb\nz\xC3\xBC\r\n");
}

TEST(Visible, DisarmsControlSequences) {
  EXPECT_EQ(visible("\x1b]0;title\x07"), "^[]0;title^G");
  EXPECT_EQ(visible("\x7f"), "^?");
  EXPECT_EQ(visible(std::string_view("\0", 1)), "^@");
  EXPECT_EQ(visible("100 %\r200 %"), "100 %^M200 %");
  EXPECT_EQ(visible("\r"), "^M");
}

TEST(Visible, DisarmsEightBitControls) {
  EXPECT_EQ(visible("\xC2\x9B"
                    "31m"),
            "<U+009B>31m");
  EXPECT_EQ(visible("\xC2\xA0"), "\xC2\xA0") << "no-break space is a letter, not a control";
}

TEST(Visible, PiecesCutAnywhereGiveTheSame) {
  std::string text =
      "a\r\nb\rc\xC2\x9B"
      "1m\xC3\xBC\x1b[0m\xC2";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Neutralizer neutralizer;
    std::string out = neutralizer.feed(text.substr(0, cut));
    out += neutralizer.feed(text.substr(cut));
    out += neutralizer.finish();
    EXPECT_EQ(out, visible(text)) << cut;
  }
}

TEST(VisibleLine, KeepsACellOnOneLine) {
  EXPECT_EQ(visible_line("a\nb\tc\r\n"), "a\\nb\\tc\\r\\n");
}

TEST(Shortened, CountsCodePointsAndNeverCutsOne) {
  EXPECT_EQ(shortened("gr\xC3\xBC\xC3\x9F"
                      "e",
                      5),
            "gr\xC3\xBC\xC3\x9F"
            "e");
  EXPECT_EQ(shortened("gr\xC3\xBC\xC3\x9F"
                      "e",
                      4),
            "gr\xC3\xBC…");
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(IsUtf8, KnowsTheIllFormed) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("\x01z\xF0\x9F\x8E\xB2"));
  for (std::string_view bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                               "\xFF", "\xF0\x80\x80\xAF"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(IsPlainText, RefusesControls) {
  EXPECT_TRUE(is_plain_text("a\r\n\tb"));
  EXPECT_FALSE(is_plain_text("\x1b[1m"));
  EXPECT_FALSE(is_plain_text(std::string_view("\0", 1)));
  EXPECT_FALSE(is_plain_text("\xC2\x85"));
}

#ifdef ERRAND_HAVE_RAPIDCHECK
TEST(Visible, NoTextAtAllKeepsAControl) {
  EXPECT_TRUE(
      rc::check("nothing below space but newline, tab and return before newline", [](std::string text) {
        std::string out = visible(text);
        for (std::size_t i = 0; i < out.size(); ++i) {
          auto c = static_cast<unsigned char>(out[i]);
          bool fine = (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ||
                      (c == '\r' && i + 1 < out.size() && out[i + 1] == '\n');
          RC_ASSERT(fine);
          RC_ASSERT(!(i > 0 && static_cast<unsigned char>(out[i - 1]) == 0xc2 && c >= 0x80 && c < 0xa0));
        }
      }));
}

TEST(Shortened, NeverLongerThanAsked) {
  EXPECT_TRUE(rc::check("fits", [](std::string text, std::uint8_t width) {
    RC_ASSERT(code_points(shortened(text, width)) <= std::max<std::size_t>(width, 0));
  }));
}
#endif

}  // namespace
}  // namespace errand::cli
