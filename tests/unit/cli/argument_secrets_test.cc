// SPDX-License-Identifier: Apache-2.0
#include "cli/argument_secrets.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "unit/cli/shell.h"

namespace errand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShownArgument, OfAConnectionStringEverythingButThePassword) {
  EXPECT_EQ(shown_argument("postgresql://ada:pw@h/d?sslmode=require"),
            "postgresql://ada@h/d?sslmode=require");
  EXPECT_EQ(shown_argument("--context=Driver=PostgreSQL;Server=h;Database=d;UID=ada;PWD={p;w}"),
            "--context=postgresql://ada@h/d");
  EXPECT_EQ(shown_argument("host=h dbname=d password='a b'"), "postgresql://h/d");
  EXPECT_EQ(shown_argument("Driver=PostgreSQL;Server=h;Trusted_Connection=yes;PWD=pw"), "postgresql://h/");
}

TEST(ShownArgument, WhatCannotBeReadIsNotShownAtAll) {
  EXPECT_EQ(shown_argument("postgresql://ada:p@w@h/d"), "***");
  EXPECT_EQ(shown_argument("--database=Server=h;PWD={open"), "--database=***");
}

TEST(ShownArgument, OtherWordsStayAsTheyAre) {
  for (const char* word : {"status", "--share-dir=/a=b", "postgresql://ada@h/d", "postgres://ada@h", "x=1",
                           "/scratch/pwd=1", ""}) {
    EXPECT_EQ(shown_argument(word), word);
  }
}

/// A server that takes the connection and then says nothing: whoever asks it waits.
class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] int port() const { return port_; }
  /// False: nobody came.
  [[nodiscard]] bool is_asked() const {
    pollfd readable{socket_, POLLIN, 0};
    return poll(&readable, 1, 60'000) == 1;
  }

 private:
  int socket_;
  int port_ = 0;
};

TEST(CommandArguments, NobodyReadsAPasswordFromARunningCommand) {
  const SilentServer server;
  const std::string port = std::to_string(server.port());
  const std::string database = "host=127.0.0.1 port=" + port + " user=ada dbname=d password=hunter2";
  const char* command = std::getenv("ERRAND_COMMAND");
  const std::string program = command != nullptr ? command : ERRAND_BINARY_DIR "/bin/errand";
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), "errand", "doctor", database.c_str(), nullptr);
    _exit(127);
  }
  EXPECT_TRUE(server.is_asked());
  std::ostringstream shown;
  shown << std::ifstream("/proc/" + std::to_string(child) + "/cmdline").rdbuf();
  EXPECT_THAT(shown.str(), HasSubstr("postgresql://ada@127.0.0.1:" + port + "/d"));
  EXPECT_THAT(shown.str(), Not(HasSubstr("hunter2")));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(CommandArguments, NoMessageRepeatsAConnectionString) {
  const Shell shell;
  for (const char* words :
       {"jobs --context 'Driver=FreeTDS;Server=h;PWD=hunter2'", "jobs --context 'Drver=x;PWD=hunter2'",
        "jobs --share-dir 'host=127.0.0.1 port=1 password=hunter2 dbname=d'",
        "jobs 'host=h password=hunter2'", "status 'Server=h;PWD=hunter2'",
        "jobs --share-dir 'nonsense=1 password=hunter2'",
        "exec --share-dir 'host=127.0.0.1 port=1 dbname=d password=hunter2' -- true",
        "'postgresql://ada:hunter2@h/d'", "status rxJob_x --context 'postgresql://ada:hun@ter2@h/d'"}) {
    const Ran ran = shell.run(std::string("errand ") + words);
    EXPECT_NE(ran.code, 0) << words;
    EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("ter2"))) << words;
  }
  // A connection string is no directory to be made.
  EXPECT_EQ(shell.run("find . -name '*hunter2*' | grep .").code, 1);
  EXPECT_EQ(shell.run("grep -r hunter2 state config").out, "");
}

}  // namespace
}  // namespace errand::cli
