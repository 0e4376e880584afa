// SPDX-License-Identifier: Apache-2.0
#include "worker/protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "system/descriptor.h"

namespace errand::worker {
namespace {

struct Channel {
  Channel() : ends(make_channel().value()) {}
  ~Channel() {
    for (int end : ends) {
      if (end >= 0) close(end);
    }
  }
  void close_first() { close(std::exchange(ends[0], -1)); }
  std::array<int, 2> ends;
};

TEST(Protocol, AMessageArrivesAsItWasSent) {
  Channel channel;
  Message message{MessageType::job,
                  range_drain | range_last,
                  {0, 1, -2, 3, std::int64_t{1} << 60, 5, -6},
                  std::string("/a place\nrxJob_x\0y", 18),
                  -1};
  ASSERT_TRUE(send(channel.ends[0], message));
  auto got = receive(channel.ends[1], true);
  ASSERT_TRUE(got);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->type, message.type);
  EXPECT_EQ((*got)->flags, message.flags);
  EXPECT_EQ((*got)->numbers, message.numbers);
  EXPECT_EQ((*got)->text, message.text);
  EXPECT_EQ((*got)->descriptor, -1);
}

TEST(Protocol, DescriptorsArriveHighAndCloseOnExec) {
  Channel channel;
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  ASSERT_TRUE(send(channel.ends[0], {MessageType::fork, 0, {}, {}, pipe_ends[1]}));
  auto got = receive(channel.ends[1], true);
  ASSERT_TRUE(got && *got);
  int arrived = (*got)->descriptor;
  EXPECT_GE(arrived, system::lowest_kept_descriptor);
  EXPECT_TRUE(fcntl(arrived, F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ(write(arrived, "x", 1), 1);
  char read_back = 0;
  EXPECT_EQ(read(pipe_ends[0], &read_back, 1), 1);
  EXPECT_EQ(read_back, 'x');
  for (int number : {arrived, pipe_ends[0], pipe_ends[1]}) close(number);
}

TEST(Protocol, ChannelsAreHighAndCloseOnExec) {
  Channel channel;
  for (int end : channel.ends) {
    EXPECT_GE(end, system::lowest_kept_descriptor);
    EXPECT_TRUE(fcntl(end, F_GETFD) & FD_CLOEXEC);
  }
}

TEST(Protocol, NothingThereIsNoError) {
  Channel channel;
  auto got = receive(channel.ends[1], false);
  ASSERT_TRUE(got);
  EXPECT_FALSE(*got);
}

TEST(Protocol, AGoneOtherSideIsAnErrorAndNoSignal) {
  Channel channel;
  channel.close_first();
  auto sent = send(channel.ends[1], {MessageType::done, 0, {}, {}, -1});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::engine_unavailable);
  auto got = receive(channel.ends[1], true);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::engine_unavailable);
}

TEST(Protocol, WhatWasSentBeforeTheEndIsStillRead) {
  Channel channel;
  ASSERT_TRUE(send(channel.ends[0], {MessageType::closed, 0, {}, {}, -1}));
  channel.close_first();
  auto got = receive(channel.ends[1], true);
  ASSERT_TRUE(got && *got);
  EXPECT_FALSE(receive(channel.ends[1], true));
}

TEST(Protocol, UnknownTypesAndShortPacketsAreSkipped) {
  Channel channel;
  ASSERT_TRUE(send(channel.ends[0], {static_cast<MessageType>(900), 0, {}, {}, channel.ends[0]}));
  ASSERT_EQ(::send(channel.ends[0], "short", 5, 0), 5);
  ASSERT_TRUE(send(channel.ends[0], {MessageType::retire, 0, {}, {}, -1}));
  auto got = receive(channel.ends[1], true);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->type, MessageType::retire);
}

TEST(Protocol, AHigherMajorIsRefused) {
  Channel channel;
  char packet[64] = {9};
  ASSERT_EQ(::send(channel.ends[0], packet, sizeof packet, 0), 64);
  auto got = receive(channel.ends[1], true);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::version_mismatch);
}

TEST(Protocol, ATextThatDoesNotFitIsRefusedBeforeItIsSent) {
  Channel channel;
  EXPECT_FALSE(send(channel.ends[0], {MessageType::broken, 0, {}, std::string(1 << 20, 'x'), -1}));
}

TEST(Protocol, OrdersSurviveTheirEncoding) {
  StartSpec spec{{"/bin/prog", "--errand-worker"}, {"A=1", "B=\xff\xfe"}, false, false};
  auto read = decode_start_spec(encode(spec));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->argv, spec.argv);
  EXPECT_EQ(read->environment, spec.environment);
  EXPECT_FALSE(read->fork);
  EXPECT_FALSE(read->outlives_agent);
}

TEST(Protocol, BadOrdersAreAnError) {
  for (std::string bytes : {std::string(), std::string("\xc1"), std::string("\x80"),
                            std::string("\x81\xa4"
                                        "argv\x01")}) {
    EXPECT_FALSE(decode_start_spec(bytes));
  }
}

}  // namespace
}  // namespace errand::worker
