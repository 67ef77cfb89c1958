// SPDX-License-Identifier: Apache-2.0
#include "supervisor/protocol.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "examples.h"

namespace stack::supervisor {
namespace {

template <typename T>
T over_the_wire(const T& request) {
  const auto decoded = decode_request(encode_request({7, request}));
  EXPECT_EQ(decoded.id, 7U);
  return std::get<T>(decoded.request);
}

TEST(Protocol, AContainerArrivesAsItWasSent) {
  const ContainerConfig config = full_config();
  EXPECT_EQ(over_the_wire(CreateContainer{config}).config, config);
}

TEST(Protocol, AnUpdateArrivesAsItWasSent) {
  const ContainerConfig config = full_config();
  EXPECT_EQ(over_the_wire(UpdateContainer{config}).config, config);
}

TEST(Protocol, ANetworkArrivesAsItWasSent) {
  const NetworkConfig config = full_network();
  EXPECT_EQ(over_the_wire(CreateNetwork{config}).config, config);
}

TEST(Protocol, ANetworkMayLeaveItsAddressesToTheSupervisor) {
  NetworkConfig config;
  config.spec.name = "shop_default";
  EXPECT_EQ(over_the_wire(CreateNetwork{config}).config, config);
}

TEST(Protocol, SmallRequestsKeepTheirParts) {
  EXPECT_EQ(over_the_wire(RemoveNetwork{"n"}).name, "n");
  EXPECT_EQ(over_the_wire(StartContainer{"c"}).id, "c");
  EXPECT_EQ(over_the_wire(RemoveContainer{"c"}).id, "c");
  EXPECT_FALSE(over_the_wire(StopContainer{"c", std::nullopt}).grace);
  EXPECT_EQ(over_the_wire(StopContainer{"c", std::chrono::seconds(3)}).grace,
            std::chrono::seconds(3));
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::completed}).condition,
            AwaitedCondition::completed);
  EXPECT_EQ(over_the_wire(SignalContainer{"c", 37}).signal, 37);
  EXPECT_EQ(over_the_wire(RenameContainer{"c", "new"}).name, "new");
  using Addresses = SetContainerAside::Addresses;
  for (const auto each : {Addresses::kept, Addresses::left, Addresses::given_up})
    EXPECT_EQ(over_the_wire(SetContainerAside{"c", each}).addresses, each);
  EXPECT_EQ(over_the_wire(SetContainerAside{"c", Addresses::left, "d"}).successor, "d");
  using Until = PauseContainer::Until;
  EXPECT_EQ(over_the_wire(PauseContainer{"c"}).id, "c");
  EXPECT_EQ(over_the_wire(PauseContainer{"c"}).until, Until::unpaused);
  EXPECT_EQ(over_the_wire(PauseContainer{"c", Until::client_gone}).until, Until::client_gone);
  EXPECT_EQ(over_the_wire(UnpauseContainer{"c"}).id, "c");
  EXPECT_EQ(over_the_wire(ResizeTerminal{"c", 30, 90}).columns, 90);
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::healthy, {}, {}, 3}).bearable_failures, 3);
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::healthy}).bearable_failures, std::nullopt);
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::ended}).condition, AwaitedCondition::ended);
  const auto deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::up, deadline}).deadline, deadline);
  EXPECT_EQ(over_the_wire(Await{"c", AwaitedCondition::up}).deadline, std::nullopt);
  over_the_wire(Shutdown{});
}

TEST(Protocol, WhatSupervisorsAskOneAnotherArrivesAsItWasSent) {
  const Endpoint endpoint = full_config().endpoints.front();
  EXPECT_EQ(over_the_wire(LeaseGuest{"blog/web", endpoint}).endpoint, endpoint);
  EXPECT_EQ(over_the_wire(ConnectContainer{"c", endpoint}).endpoint, endpoint);
  EXPECT_EQ(over_the_wire(DisconnectContainer{"c", "n"}).network, "n");
  EXPECT_EQ(over_the_wire(ReleaseGuest{"blog/web", "n"}).guest, "blog/web");
  const RenameGuest renamed = over_the_wire(RenameGuest{"blog/web", "n", "blog/new"});
  EXPECT_EQ(renamed.guest + " " + renamed.network + " " + renamed.name, "blog/web n blog/new");
  network::EndpointSpec spec;
  spec.network = "n";
  spec.address = {network::parse_ipv4("10.5.0.2"), network::parse_ipv6("fd00::2")};
  spec.mac = "02:42:0a:05:00:02";
  spec.interface = "eth1";
  spec.default_route = true;
  spec.sysctls = {{"net.ipv4.conf.IFNAME.forwarding", "0"}};
  const auto plug = over_the_wire(PlugGuest{"blog/web", "c", {812, 99}, {"web", "pages"}, spec});
  EXPECT_EQ(plug.guest, "blog/web");
  EXPECT_EQ(plug.container_id, "c");
  EXPECT_EQ(plug.process, (ProcessIdentity{812, 99}));
  EXPECT_EQ(plug.names, (std::vector<std::string>{"web", "pages"}));
  EXPECT_EQ(plug.endpoint, spec);
}

TEST(Protocol, AProcessThatJoinsArrivesAsItWasSent) {
  const auto join = over_the_wire(JoinProcess{"builds", "c", {812, 99}});
  EXPECT_EQ(join.network, "builds");
  EXPECT_EQ(join.container_id, "c");
  EXPECT_EQ(join.process, (ProcessIdentity{812, 99}));
}

TEST(Protocol, AReplyMayGiveAnAddress) {
  Reply reply;
  EXPECT_FALSE(decode_reply(encode_reply(reply)).address);
  reply.address = network::DualAddress{network::parse_ipv4("10.5.0.2"), {}};
  EXPECT_EQ(decode_reply(encode_reply(reply)).address, reply.address);
}

TEST(Protocol, InputMayBeAnyBytes) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(over_the_wire(WriteInput{"c", bytes}).bytes, bytes);
  EXPECT_EQ(over_the_wire(WriteInput{"c", ""}).bytes, "");
  EXPECT_FALSE(over_the_wire(WriteInput{"c", ""}).last);
  EXPECT_TRUE(over_the_wire(WriteInput{"c", "", true}).last);
  for (const char* hex : {"0", "0g", "+1", "0x", " 1"}) {
    EXPECT_THROW(decode_request(fmt::format(
                     R"({{"id":1,"do":"write-input","container":"c","hex":"{}"}})", hex)),
                 Error)
        << hex;
  }
}

TEST(Protocol, SpansComeBackWhenTheyWereAskedFor) {
  EXPECT_FALSE(decode_request(encode_request({1, StartContainer{"c"}})).traced);
  EXPECT_TRUE(decode_request(encode_request({1, StartContainer{"c"}, true})).traced);
  const auto time = [](int nanoseconds) {
    return SpanClock::time_point(std::chrono::nanoseconds(nanoseconds));
  };
  Reply reply;
  reply.error = Error("failed");
  reply.spans = {{"supervisor", "start", time(5), time(12)}};
  const Reply back = decode_reply(encode_reply(reply));
  ASSERT_EQ(back.spans.size(), 1U);
  EXPECT_EQ(back.spans[0].row, "supervisor");
  EXPECT_EQ(back.spans[0].name, "start");
  EXPECT_EQ(back.spans[0].begin, time(5));
  EXPECT_EQ(back.spans[0].end, time(12));
  EXPECT_TRUE(decode_reply(encode_reply({})).spans.empty());
}

TEST(Protocol, AReplyKeepsItsErrorWithHintAndExitCode) {
  Reply reply;
  reply.id = 3;
  reply.error = Error("no such file", 0).add_frame("starting web").with_hint("make it");
  reply.error->with_exit_code(ExitCode::not_found);
  reply.status = full_status();
  const Reply back = decode_reply(encode_reply(reply));
  ASSERT_TRUE(back.error);
  EXPECT_STREQ(back.error->what(), "starting web: no such file");
  EXPECT_EQ(back.error->hint(), "make it");
  EXPECT_EQ(back.error->exit_code(), ExitCode::not_found);
  ASSERT_TRUE(back.status);
  EXPECT_EQ(back.status->exit_code, 7);
  EXPECT_EQ(back.status->addresses, reply.status->addresses);
  EXPECT_EQ(back.status->published, reply.status->published);
}

TEST(Protocol, FramesAreFoundInAnyPieces) {
  const std::string stream = frame("one") + frame("") + frame("three");
  FrameSplitter splitter;
  std::string found;
  for (const char byte : stream) {
    splitter.feed({&byte, 1});
    while (const auto message = splitter.next()) found += "[" + *message + "]";
  }
  EXPECT_EQ(found, "[one][][three]");
}

TEST(Protocol, ALengthBeyondTheLimitIsRefusedBeforeItsBytesCome) {
  FrameSplitter splitter;
  splitter.feed(std::string_view("\x7f\xff\xff\xff", 4));
  EXPECT_THROW(splitter.next(), Error);
  EXPECT_THROW(frame(std::string(largest_message + 1, 'x')), Error);
}

TEST(Protocol, MalformedRequestsAreErrorsNotCrashes) {
  for (const char* message : {"", "{", "[]", "{\"id\":1}", "{\"id\":1,\"do\":\"dance\"}",
                              "{\"id\":1,\"do\":\"start-container\",\"container\":5}",
                              "{\"id\":-1,\"do\":\"create-container\",\"config\":{}}"})
    EXPECT_THROW(decode_request(message), Error) << message;
}

TEST(Protocol, AnotherVersionIsRefusedWithAWord) {
  EXPECT_NO_THROW(check_hello(encode_hello()));
  EXPECT_THROW(check_hello("{\"hello\": 99}"), Error);
}

}  // namespace
}  // namespace stack::supervisor
