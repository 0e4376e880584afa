// SPDX-License-Identifier: Apache-2.0
// Properties of the connection strings' parser, beside libpq's own where that is installed.
#ifdef ERRAND_HAVE_RAPIDCHECK
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <optional>

#include "database/connection_string.h"

namespace errand::database {
namespace {

using Settings = std::map<std::string, std::string>;

/// Text that has the signs of the three forms more often than chance would.
std::string any_text() {
  static const std::vector<std::string> parts{"postgresql://",
                                              "host",
                                              "=",
                                              "'",
                                              ";",
                                              "{",
                                              "}",
                                              "}}",
                                              "Server",
                                              "PWD",
                                              "\\",
                                              "%41",
                                              "%00",
                                              "@",
                                              ":",
                                              "/",
                                              "?",
                                              "&",
                                              ",",
                                              "Driver",
                                              "[",
                                              "]",
                                              " ",
                                              "tcp:",
                                              "dbname",
                                              "port",
                                              "5432",
                                              "a",
                                              "password",
                                              "Ä",
                                              "\t",
                                              "Database",
                                              "sslmode",
                                              "user",
                                              "%",
                                              "require"};
  std::string text = *rc::gen::element<std::string>("", "postgresql://", "host=", "Server=", "user=");
  for (int count = *rc::gen::inRange(0, 14); count > 0; --count) text += *rc::gen::elementOf(parts);
  return text;
}

struct PQconninfoOption {  // as libpq-fe.h has it, whose ABI is kept since 9.0
  char *keyword, *envvar, *compiled, *val, *label, *dispchar;
  int dispsize;
};

class Libpq {
 public:
  Libpq() : library_(dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) return;
    parse_ = reinterpret_cast<Parse>(dlsym(library_, "PQconninfoParse"));
    free_ = reinterpret_cast<void (*)(PQconninfoOption*)>(dlsym(library_, "PQconninfoFree"));
  }
  [[nodiscard]] bool is_there() const { return library_ != nullptr; }

  [[nodiscard]] std::optional<Settings> parse(const std::string& text) const {
    char* message = nullptr;
    PQconninfoOption* options = parse_(text.c_str(), &message);
    if (options == nullptr) return std::nullopt;
    Settings parameters;
    for (PQconninfoOption* one = options; one->keyword != nullptr; ++one) {
      if (one->val != nullptr && *one->val != '\0') parameters[one->keyword] = one->val;
    }
    free_(options);
    return parameters;
  }

 private:
  using Parse = PQconninfoOption* (*)(const char*, char**);
  void* library_;
  Parse parse_ = nullptr;
  void (*free_)(PQconninfoOption*) = nullptr;
};

TEST(AnyConnectionString, IsReadOrRefused) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = *rc::gen::exec(any_text);
    auto target = parse_connection_string(text, OdbcRegistry{});
    if (!target) {
      RC_ASSERT(!target.error().message.empty());
      return;
    }
    for (const auto& [name, value] : target->parameters) {
      RC_ASSERT(is_libpq_parameter(name));
      RC_ASSERT(!value.empty() && value.find('\0') == std::string::npos);
    }
    RC_ASSERT(target->parameters["host"].find(',') == std::string::npos);
  }));
}

TEST(AnyConnectionString, MeansWhatItMeansToLibpq) {
  const Libpq libpq;
  if (!libpq.is_there()) GTEST_SKIP() << "libpq.so.5 is not installed";
  EXPECT_TRUE(rc::check([&] {
    const std::string text = *rc::gen::exec(any_text);
    for (auto read : {read_uri, read_keywords}) {
      auto target = read(text);
      if (!target || is_database_place(text) != (read == read_uri)) continue;
      const auto theirs = libpq.parse(text);
      RC_ASSERT(theirs.has_value());
      RC_ASSERT(target->parameters == *theirs);
    }
  }));
}

TEST(AnyConnectionString, APlaceIsReadBackAsItself) {
  EXPECT_TRUE(rc::check([] {
    Target target;
    for (const char* name : {"user", "dbname"}) {
      target.parameters[name] =
          *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
    }
    target.parameters["host"] = *rc::gen::element<std::string>("h", "/a b%", "::1", "fe80::1%25x");
    auto read = parse_connection_string(target.place(), OdbcRegistry{});
    RC_ASSERT(read.ok());
    RC_ASSERT(read->parameters == target.parameters);
  }));
}

}  // namespace
}  // namespace errand::database
#endif
