// SPDX-License-Identifier: Apache-2.0
// The client's connection is cut at every message of every verb, before it, behind it and in the middle of an
// answer: nothing that was acknowledged is lost, nothing is there twice, and what was not done says so.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "cutting_proxy.h"
#include "database/launchpad_process.h"
#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

struct Said {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class DatabaseServerClientCutsTest : public LaunchpadFixture {
 protected:
  /// The command as a process of its own: a connection of its own.
  Said say(std::vector<std::string> words, const std::string& uri) {
    const char* command = std::getenv("ERRAND_COMMAND");
    EXPECT_NE(command, nullptr);
    if (command == nullptr) return {};
    words.insert(words.begin(), command);
    words.insert(words.begin() + 2, {"--share-dir", uri});
    const pid_t pid = fork();
    if (pid == 0) {
      redirect(1, file("out"));
      redirect(2, file("err"));
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(file("out")),
            text_of_file(file("err"))};
  }
  Said say(const std::vector<std::string>& words) { return say(words, uri_of("alice")); }
  Said say_cut(const std::vector<std::string>& words, const CuttingProxy& proxy) {
    return say(words, proxy.uri_of("alice", target_as("alice").parameters["password"]));
  }
  /// What is said when it is cut; what failed is a connection that could not be made, says so, and is asked
  /// again.
  Said say_twice(const std::vector<std::string>& words, const CuttingProxy& proxy) {
    Said said = say_cut(words, proxy);
    if (said.exit_code != 5) return said;
    EXPECT_THAT(said.err, HasSubstr("no connection to"));
    EXPECT_EQ(said.out, "");
    return say(words);
  }
  int cut_everywhere(const std::function<void(const CuttingProxy&)>& once) {
    return cut_at_every_message(file("proxy"), target_as("administrator"), once);
  }

  /// A removed job leaves a mark that those who remove others read; too many would make them say ever more.
  void forget_removed_jobs() {
    EXPECT_TRUE(own_administrator().run_script("delete from errand.block where file = 'tombstones'"));
  }

  /// A job of alice that nobody waits for.
  JobRef submit(const std::string& script) {
    ComputeContext context = leaving("alice");
    context.auto_cleanup = false;
    auto job = exec_program(context, {"/bin/sh", "-c", script});
    EXPECT_TRUE(job) << (job ? "" : job.error().message);
    return job ? JobRef(job->id(), job->place()) : JobRef();
  }
  JobRef finished() {
    const JobRef job = submit("echo hello");
    EXPECT_TRUE(wait_for_job(job));
    return job;
  }
  static std::string status_of(const JobRef& job) {
    auto report = get_job_status(job);
    return report ? std::string(to_string(report->status)) : report.error().message;
  }
  std::multiset<std::string> jobs_in_database() {
    auto rows = own_administrator().run("select path from errand.directory where path like 'jobs/%'");
    EXPECT_TRUE(rows);
    std::multiset<std::string> jobs;
    for (std::size_t i = 0; rows && i < rows->count(); ++i)
      jobs.emplace(rows->text(i, 0).substr(std::string_view("jobs/").size()));
    return jobs;
  }
  [[nodiscard]] int lines_of(const std::string& name) const {
    const std::string text = text_of_file(file(name));
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

 private:
  static void redirect(int descriptor, const std::string& path) {
    dup2(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), descriptor);
  }
};

TEST_F(DatabaseServerClientCutsTest, WhatWasAcknowledgedIsThereOnceAndElseThereIsOneOrNone) {
  std::multiset<std::string> acknowledged;
  std::multiset<std::string> others;
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    const Said said = say_cut({"exec", "--", "/bin/sh", "-c", "echo hello"}, proxy);
    if (said.exit_code == 0) {
      acknowledged.insert(said.out.substr(0, said.out.find('\n')));
    } else {
      EXPECT_EQ(said.exit_code, 5) << said.err;
      EXPECT_THAT(said.err, HasSubstr("no connection to"));
    }
    auto there = jobs_in_database();
    for (const std::string& id : acknowledged) {
      EXPECT_EQ(there.count(id), 1u) << id;
      there.erase(id);
    }
    EXPECT_LE(there.size(), others.size() + (said.exit_code == 0 ? 0 : 1)) << said.err;
    others = there;
  });
  EXPECT_GT(cuts, 30);
  start();
  for (const std::string& id : acknowledged) {
    const JobRef job(id, leaving("alice").share_dir);
    ASSERT_TRUE(wait_for_job(job));
    EXPECT_EQ(get_job_output(job).value_or("nothing"), "hello\n") << id;
  }
}

TEST_F(DatabaseServerClientCutsTest, WhoeverLooksSeesTheSameAsUncut) {
  start();
  const JobRef job = finished();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"status", job.id()}, {"results", job.id()}, {"output", job.id()}, {"jobs", "--quiet"}}) {
    SCOPED_TRACE(words[0]);
    const Said right = say(words);
    ASSERT_EQ(right.exit_code, 0) << right.err;
    const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
      const Said said = say_twice(words, proxy);
      EXPECT_EQ(said.exit_code, 0) << said.err;
      EXPECT_EQ(said.out, right.out);
    });
    EXPECT_GT(cuts, 10);
  }
}

TEST_F(DatabaseServerClientCutsTest, AWaitEndsWithTheJob) {
  start();
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    const JobRef job = submit("sleep 0.05; echo hello");
    const Said said = say_twice({"wait", job.id()}, proxy);
    EXPECT_EQ(said.exit_code, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("finished: 1 of 1 done"));
  });
  EXPECT_GT(cuts, 20);
}

TEST_F(DatabaseServerClientCutsTest, ResultsThatAreRemovedWereDelivered) {
  start();
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    forget_removed_jobs();
    const JobRef job = finished();
    const Said said = say_twice({"results", "--cleanup", job.id()}, proxy);
    EXPECT_EQ(said.exit_code, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("hello"));
    EXPECT_EQ(status_of(job), "missing");
  });
  EXPECT_GT(cuts, 20);
}

TEST_F(DatabaseServerClientCutsTest, ACanceledJobIsCanceled) {
  start();
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    const std::string mark = file("pid");
    unlink(mark.c_str());
    const JobRef job = submit("echo $$ >" + mark + ".new; mv " + mark + ".new " + mark + "; exec sleep 600");
    ASSERT_TRUE(eventually([&] { return access(mark.c_str(), F_OK) == 0; }));
    const Said said = say_twice({"cancel", job.id()}, proxy);
    EXPECT_EQ(said.exit_code, 0) << said.err;
    EXPECT_EQ(status_of(job), "canceled");
    EXPECT_NE(::kill(std::stoi(text_of_file(mark)), 0), 0) << "nothing is left running";
  });
  EXPECT_GT(cuts, 20);
}

TEST_F(DatabaseServerClientCutsTest, ARemovedJobIsGoneAndNoOther) {
  start();
  const JobRef other = finished();
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    forget_removed_jobs();
    const JobRef job = finished();
    const Said said = say_twice({"cleanup", "--force", job.id()}, proxy);
    EXPECT_EQ(said.exit_code, 0) << said.err;
    EXPECT_EQ(status_of(job), "missing");
  });
  EXPECT_GT(cuts, 10);
  EXPECT_EQ(status_of(other), "finished");
}

TEST_F(DatabaseServerClientCutsTest, ARetriedTaskRunsOnceMore) {
  start();
  const int cuts = cut_everywhere([&](const CuttingProxy& proxy) {
    const std::string mark = file("runs");
    unlink(mark.c_str());
    const JobRef job = submit("echo run >>" + mark + "; exit 3");
    ASSERT_TRUE(wait_for_job(job));
    const Said said = say_twice({"retry", job.id()}, proxy);
    EXPECT_EQ(said.exit_code, 0) << said.err;
    ASSERT_TRUE(wait_for_job(job));
    EXPECT_EQ(lines_of("runs"), 2);
  });
  EXPECT_GT(cuts, 20);
}

}  // namespace
}  // namespace errand::database
