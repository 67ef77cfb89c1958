// SPDX-License-Identifier: Apache-2.0
// The price of things: a container plugged in, its rules applied, and the way from the host to it,
// once with the bridge in the host's own namespace and once over the uplink. Medians.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "base/format.h"
#include "base/ids.h"
#include "network/addresses.h"
#include "network/name_redirection.h"
#include "network/subnets.h"
#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t port = 7000;
constexpr int rounds = 5;

double microseconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double median_of(int times, const std::function<void()>& work) {
  std::vector<double> values;
  for (int i = 0; i < times; ++i) values.push_back(microseconds(work));
  return median(values);
}

void make_blocking(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

/// Serves one connection after the other until the listening socket is shut down: single bytes are
/// answered, more is swallowed.
void serve(int listener) {
  make_blocking(listener);
  std::vector<char> data(1 << 20);
  for (;;) {
    const Fd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return;
    make_blocking(connection.get());
    for (;;) {
      const auto received = ::recv(connection.get(), data.data(), data.size(), 0);
      if (received <= 0) break;
      if (received == 1) ::send(connection.get(), data.data(), 1, MSG_NOSIGNAL);
    }
  }
}

double round_trip(int network_namespace, const std::string& ip) {
  const Fd connection = connect(network_namespace, ip, port);
  make_blocking(connection.get());
  char byte = 'x';
  return median_of(5000, [&] {
    ::send(connection.get(), &byte, 1, MSG_NOSIGNAL);
    ::recv(connection.get(), &byte, 1, 0);
  });
}

double connecting(int network_namespace, const std::string& ip) {
  return median_of(500, [&] { static_cast<void>(connect(network_namespace, ip, port)); });
}

double gigabits(int network_namespace, const std::string& ip) {
  const Fd connection = connect(network_namespace, ip, port);
  make_blocking(connection.get());
  const std::vector<char> data(1 << 18, 'x');
  std::size_t sent = 0;
  const double time = microseconds([&] {
    const auto end = Clock::now() + std::chrono::seconds(1);
    while (Clock::now() < end) {
      const auto part = ::send(connection.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (part > 0) sent += static_cast<std::size_t>(part);
    }
  });
  return static_cast<double>(sent) * 8 / time / 1000;
}

struct Figures {
  double gigabits, round_trip, connecting;
};

Figures measure(int network_namespace, const std::string& ip) {
  return {gigabits(network_namespace, ip), round_trip(network_namespace, ip),
          connecting(network_namespace, ip)};
}

void print(const char* way, const std::vector<Figures>& figures) {
  const auto middle = [&](double Figures::*member) {
    std::vector<double> values;
    for (const Figures& f : figures) values.push_back(f.*member);
    return median(values);
  };
  fmt::print("{:<44} {:5.1f} Gbit/s  {:5.1f} us round trip  {:5.1f} us connect\n", way,
             middle(&Figures::gigabits), middle(&Figures::round_trip),
             middle(&Figures::connecting));
}

/// A container with a server in it for the life of the object.
class Target {
 public:
  explicit Target(Fd container)
      : container_(std::move(container)),
        server_(Server::tcp(container_.get(), "0.0.0.0", port)),
        thread_([fd = server_.fd()] { serve(fd); }) {}
  ~Target() {
    ::shutdown(server_.fd(), SHUT_RDWR);
    thread_.join();
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  int get() const { return container_.get(); }

 private:
  Fd container_;
  Server server_;
  std::thread thread_;
};

/// What the design without a namespace of the stack's own would do: bridge and ports on the host.
Fd container_on_the_host(const World& world, const TestStack& stack, const std::string& ip) {
  const NetworkSpec& network = stack.network("front");
  ensure_bridge(network, stack.firewall.uplink, world.host());
  const Ipv4 address = *parse_ipv4(ip);
  Fd container = bare_namespace();
  plug({{"front", {address}, mac_for(address), "eth0", true}}, stack.firewall.networks,
       stack.firewall.uplink, world.host(), container.get(), new_container_id(),
       [](const std::vector<PortLock>&) {});
  return container;
}

void measure_ways(const World& world) {
  TestStack near(18);
  TestStack far(19);
  far.publish("0.0.0.0", port, far.ip("front", 2), port);
  far.apply();
  near.firewall.uplink.host_interface = "br-front";  // as if the bridge were the way in
  apply_ruleset(host_ruleset(near.firewall));
  const Target on_host(container_on_the_host(world, near, near.ip("front", 2)));
  const Target in_stack(far.container({"front"}, 2));
  const Fd neighbour = far.container({"front"}, 3);
  std::vector<Figures> direct, uplink, published, between;
  for (int i = 0; i < rounds; ++i) {
    direct.push_back(measure(world.host(), near.ip("front", 2)));
    uplink.push_back(measure(world.host(), far.ip("front", 2)));
    published.push_back(measure(world.lan(), World::host_ip));
    between.push_back(measure(neighbour.get(), far.ip("front", 2)));
  }
  print("host to container, bridge on the host", direct);
  print("host to container, over the uplink", uplink);
  print("LAN to published port, over the uplink", published);
  print("container to container, one network", between);
}

/// Making one stack's part, and the medians over several stacks.
void measure_stacks() {
  std::vector<double> namespaces, uplinks, bridges, host_rules, stack_rules, removals, partings;
  for (int number = 100; number < 109; ++number) {
    std::optional<TestStack> stack;
    namespaces.push_back(microseconds([&] { stack.emplace(number); }));
    const FirewallSpec& spec = stack->firewall;
    const int inside = stack->network_namespace.get();
    uplinks.push_back(microseconds([&] { ensure_uplink(spec.uplink, inside, spec.networks); }));
    bridges.push_back(
        microseconds([&] { ensure_bridge(spec.networks.front(), spec.uplink, inside); }));
    host_rules.push_back(microseconds([&] { apply_ruleset(host_ruleset(spec)); }));
    stack_rules.push_back(microseconds([&] {
      const InNamespace here(inside);
      apply_ruleset(stack_ruleset(spec));
    }));
    removals.push_back(microseconds([&] { remove_host_ruleset(spec.stack_id); }));
    partings.push_back(microseconds([&] { stack.reset(); }));
  }
  fmt::print("namespace {:.0f} us, uplink with 3 routes {:.0f} us, a bridge {:.0f} us\n",
             median(namespaces), median(uplinks), median(bridges));
  fmt::print("host ruleset {:.0f} us, stack ruleset {:.0f} us, host ruleset removed {:.0f} us\n",
             median(host_rules), median(stack_rules), median(removals));
  fmt::print("namespace let go {:.0f} us\n", median(partings));
}

void measure_containers() {
  TestStack stack;
  stack.apply();
  fmt::print("everything ensured again {:.0f} us\n", median_of(9, [&] { stack.apply(); }));
  std::vector<Fd> containers;
  std::vector<double> plugging, rules;
  for (std::uint32_t i = 2; i < 52; ++i) {
    containers.push_back(bare_namespace());
    const Ipv4 address = *parse_ipv4(stack.ip("front", i));
    plugging.push_back(microseconds([&] {
      plug({{"front", {address}, mac_for(address), "eth0", true}}, stack.firewall.networks,
           stack.firewall.uplink, stack.network_namespace.get(), containers.back().get(),
           new_container_id(), lock_ports);
    }));
    const InNamespace inside(containers.back().get());
    rules.push_back(microseconds([&] { redirect_names(1053, 1053); }));
  }
  fmt::print("plug one endpoint {:.0f} us, container ruleset {:.0f} us\n", median(plugging),
             median(rules));
}

}  // namespace
}  // namespace stack::network::test

int main() {
  using namespace stack::network::test;
  const World world;
  stack::network::enable_forwarding("/tmp/network_measure.forwarding");
  ::unlink("/tmp/network_measure.forwarding");
  measure_stacks();
  measure_containers();
  measure_ways(world);
}
