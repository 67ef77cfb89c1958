// SPDX-License-Identifier: Apache-2.0
// Starts `true` in containers with a network, waits for them and takes everything away: what
// runtime/ and network/ charge, without stack files, supervisor, logs and names.
// bench/floor/floor.c does the same work with nothing around it.
//
//   start CACHE IMAGE STATE RUN CGROUP BRIDGE COUNT
//   start CACHE --filter FILE   writes the seccomp program into FILE, for the floor
//
// CACHE   where compiled seccomp programs are kept       IMAGE   directory of the read-only layer
// STATE   where upper directories are made (a disk)      RUN     where /etc files are made (memory)
// CGROUP  group below each hierarchy, which exists       BRIDGE  exists, in 10.211.0.0/16
// COUNT   containers at once
#include <fcntl.h>
#include <sys/wait.h>

#include <cstdio>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "network/addresses.h"
#include "network/links.h"
#include "network/subnets.h"
#include "runtime/cgroup.h"
#include "runtime/launch.h"
#include "runtime/seccomp.h"

namespace {

namespace network = stack::network;
namespace runtime = stack::runtime;
using stack::Fd;

struct Arguments {
  std::string cache, image, state, run, cgroup, bridge;
  unsigned count = 0;
};

/// What is on the machine before the first container.
struct Surroundings {
  network::NetworkSpec network;
  network::UplinkSpec uplink;
  Fd space = network::current_namespace();  ///< where the bridge is
};

/// Where one container is kept.
struct Place {
  std::string state;
  std::string run;
  std::string cgroup;
};

constexpr network::Ipv4 gateway{0x0ad30001};

runtime::EtcFiles write_etc_files(const std::string& directory) {
  const auto write = [&](const char* name) {
    std::string path = directory + "/" + name;
    const Fd file = stack::open_file(path, O_WRONLY | O_CREAT, 0644);
    stack::write_all(file.get(), "127.0.0.1 localhost\n");
    return path;
  };
  return {write("hosts"), write("resolv.conf"), write("hostname")};
}

runtime::ContainerSpec container_spec(const Arguments& arguments, unsigned number,
                                      const Place& place) {
  runtime::ContainerSpec spec;
  spec.id = fmt::format("{:064x}", number + 1);
  spec.name = fmt::format("bench-{}", number);
  spec.cgroup = place.cgroup;
  spec.hostname = "start";
  spec.root.lower = {arguments.image};
  spec.root.upper = place.state + "/upper";
  spec.root.work = place.state + "/work";
  spec.etc = write_etc_files(place.run);
  spec.process.arguments = {"/bin/true"};
  spec.process.environment = {"PATH=/bin"};
  spec.security.capabilities = runtime::default_capabilities();
  return spec;
}

void plug(const Surroundings& around, const runtime::ContainerSpec& spec, unsigned number,
          int container_namespace) {
  network::EndpointSpec endpoint;
  endpoint.network = around.network.name;
  const network::Ipv4 address{gateway.value + 1 + number};
  endpoint.address = {address};
  endpoint.mac = network::mac_for(address);
  endpoint.interface = "eth0";
  endpoint.default_route = true;
  network::plug({endpoint}, {around.network}, around.uplink, around.space.get(),
                container_namespace, spec.id, [](const std::vector<network::PortLock>& locks) {
                  network::NetlinkSocket socket(NETLINK_NETFILTER);
                  network::change_locks(socket, locks, {});
                });
}

Place place_of(const Arguments& arguments, unsigned number) {
  return {fmt::format("{}/{}", arguments.state, number),
          fmt::format("{}/{}", arguments.run, number),
          fmt::format("{}/{}", arguments.cgroup, number)};
}

runtime::PendingContainer start(const Arguments& arguments, const Surroundings& around,
                                unsigned number) {
  const Place place = place_of(arguments, number);
  for (const std::string& directory : {place.state + "/upper", place.state + "/work", place.run})
    stack::make_directories(directory);
  const runtime::ContainerSpec spec = container_spec(arguments, number, place);
  runtime::LaunchOptions options;
  options.cache = arguments.cache;
  runtime::PendingContainer pending = runtime::launch(spec, options);
  plug(around, spec, number, pending.network_namespace());
  pending.release();
  return pending;
}

void await_end(runtime::PendingContainer& container) {
  container.take_result();
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(container.pidfd()), &info, WEXITED) != 0)
    stack::throw_errno("waiting for a container");
  if (info.si_code != CLD_EXITED || info.si_status != 0) stack::fail("a container failed");
}

void clean_up(const Place& place) {
  runtime::remove_cgroup(place.cgroup);
  stack::remove_tree(place.state);
  stack::remove_tree(place.run);
}

void run(const Arguments& arguments) {
  Surroundings around;
  around.network = {"bench", {{gateway.value & 0xffff0000U}, 16}, gateway, false, arguments.bridge};
  std::vector<runtime::PendingContainer> containers;
  for (unsigned number = 0; number < arguments.count; ++number)
    containers.push_back(start(arguments, around, number));
  for (runtime::PendingContainer& container : containers) await_end(container);
  for (unsigned number = 0; number < arguments.count; ++number)
    clean_up(place_of(arguments, number));
}

void write_filter(const std::string& cache, const std::string& file) {
  const auto program = runtime::cached_seccomp(cache, "", runtime::default_capabilities());
  const Fd out = stack::open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  stack::write_all(out.get(), {reinterpret_cast<const char*>(program.data()),
                               program.size() * sizeof(program[0])});
}

int choose(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[1] == "--filter") {
    write_filter(words[0], words[2]);
    return 0;
  }
  const auto count = words.size() == 7 ? stack::parse_integer<unsigned>(words[6]) : std::nullopt;
  if (!count) {
    std::fputs("start CACHE IMAGE STATE RUN CGROUP BRIDGE COUNT\n", stderr);
    return 2;
  }
  run({words[0], words[1], words[2], words[3], words[4], words[5], *count});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return choose({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "start: %s\n", error.what());
    return 1;
  }
}
