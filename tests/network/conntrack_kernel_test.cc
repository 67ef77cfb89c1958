// SPDX-License-Identifier: Apache-2.0
#include "network/conntrack.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

class StaleFlows : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
    enable_forwarding(memory_file_);
    stack_.emplace();
    stack_->apply();
  }
  void TearDown() override { ::unlink(memory_file_.c_str()); }

  /// The host's port 5353 leads to port 53 of this container of "front".
  void publish(std::uint32_t container) {
    stack_->publish("0.0.0.0", 5353, stack_->ip("front", container), 53, "udp");
    stack_->apply();
  }

  const std::string memory_file_ =
      ::testing::TempDir() + "stack-forwarding-flows-" + std::to_string(::getpid());
  std::optional<World> world_;
  std::optional<TestStack> stack_;
};

TEST_F(StaleFlows, AClientThatNeverStopsAskingFollowsItsPortToAnotherContainer) {
  const Fd first = stack_->container({"front"}, 2);
  const Fd second = stack_->container({"front"}, 3);
  const auto before = Server::udp(first.get(), "0.0.0.0", 53);
  const auto after = Server::udp(second.get(), "0.0.0.0", 53);
  publish(2);
  const LastingClient client(world_->lan(), World::host_ip, 5353);
  ASSERT_TRUE(client.asks(before));

  const FirewallSpec past = stack_->firewall;
  stack_->firewall.published.clear();
  publish(3);
  EXPECT_FALSE(client.asks(after)) << "nothing has to be forgotten";
  forget_stale_flows(past, stack_->firewall);
  EXPECT_TRUE(client.asks(after));
}

TEST_F(StaleFlows, AClientThatAskedBeforeThePortWasPublishedIsAnsweredThen) {
  const Fd web = stack_->container({"front"}, 2);
  const auto host = Server::udp(world_->host(), "0.0.0.0", 5353);
  const auto inside = Server::udp(web.get(), "0.0.0.0", 53);
  const LastingClient client(world_->lan(), World::host_ip, 5353);
  ASSERT_TRUE(client.asks(host));
  const FirewallSpec past = stack_->firewall;
  publish(2);
  EXPECT_FALSE(client.asks(inside)) << "nothing has to be forgotten";
  forget_stale_flows(past, stack_->firewall);
  EXPECT_TRUE(client.asks(inside));
}

TEST_F(StaleFlows, APortThatIsNoMoreIsTheHostsAgain) {
  const Fd web = stack_->container({"front"}, 2);
  const auto inside = Server::udp(web.get(), "0.0.0.0", 53);
  publish(2);
  const LastingClient client(world_->lan(), World::host_ip, 5353);
  ASSERT_TRUE(client.asks(inside));
  const auto host = Server::udp(world_->host(), "0.0.0.0", 5353);
  const FirewallSpec published = stack_->firewall;
  stack_->firewall.published.clear();
  stack_->apply();
  EXPECT_FALSE(client.asks(host)) << "nothing has to be forgotten";
  forget_stale_flows(published, stack_->firewall);
  EXPECT_TRUE(client.asks(host));
}

TEST_F(StaleFlows, SoIsThatOfAGuestInANetworkOfAnotherStack) {
  const Fd web = stack_->container({"front"}, 2);
  const auto inside = Server::udp(web.get(), "0.0.0.0", 53);
  publish(2);
  const LastingClient client(world_->lan(), World::host_ip, 5353);
  ASSERT_TRUE(client.asks(inside));
  const auto host = Server::udp(world_->host(), "0.0.0.0", 5353);
  FirewallSpec published = stack_->firewall;
  stack_->firewall.published.clear();
  stack_->apply();
  published.networks.clear();  // the guest's own stack has none
  FirewallSpec now = published;
  now.published.clear();
  forget_stale_flows(published, now);
  EXPECT_TRUE(client.asks(host));
}

TEST_F(StaleFlows, AFlowThatIsRightGoesOn) {
  const Fd web = stack_->container({"front"}, 2);
  const auto inside = Server::udp(web.get(), "0.0.0.0", 53);
  publish(2);
  const LastingClient client(world_->lan(), World::host_ip, 5353);
  ASSERT_TRUE(client.asks(inside));
  forget_stale_flows({}, stack_->firewall);
  EXPECT_TRUE(client.asks(inside));
}

}  // namespace
}  // namespace stack::network::test
