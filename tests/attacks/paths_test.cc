// SPDX-License-Identifier: Apache-2.0
// Ways out of the container's root: links, exchanged names, descriptors.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attack.h"
#include "base/files.h"

namespace stack::attacks {
namespace {

using runtime::ContainerSpec;
namespace fs = std::filesystem;

class Paths : public Attack {
 protected:
  /// A container that exchanges two names in a volume as long as `attempt` takes.
  std::string while_exchanging(const fs::path& volume, const std::string& a, const std::string& b,
                               const Attempt& attempt) {
    ContainerSpec spec = program({"/bin/attacker", "exchange", "/v/" + a, "/v/" + b});
    spec.mounts = {bind(volume, "/v")};
    Running exchanging = start(spec);
    const std::string gain = attempt();
    stop(exchanging);
    return gain;
  }
  /// The image's `name`, a link from now on.
  void make_link_in_image(const std::string& name, const fs::path& target) {
    fs::remove_all(image() / name);
    fs::create_symlink(target, image() / name);
  }
};

// R2, S5: CVE-2024-21626.
TEST_F(Paths, R2AWorkingDirectoryIsNotADescriptorThatTheLauncherHasOpen) {
  for (int number = 3; number <= 40; ++number)
    fs::create_symlink(fmt::format("/proc/self/fd/{}", number),
                       image() / fmt::format("escape-{}", number));
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        const Fd open = open_file(host.path(), O_RDONLY | O_DIRECTORY);
        for (int number = 3; number <= 40; ++number) {
          for (const char* form : {"/escape-{}", "/proc/self/fd/{}"}) {
            ContainerSpec spec = victim("cat secret");
            spec.process.working_directory = fmt::format(fmt::runtime(form), number);
            const std::string gain = Sentinel::leaked_in(loot_of(spec));
            if (!gain.empty()) return gain;
          }
        }
        return std::string();
      },
      {Weakness::descriptors_stay_open, Weakness::links_lead_out,
       Weakness::working_directory_unseen});
}

TEST_F(Paths, S5NoDescriptorOfTheLauncherIsOpenInside) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        const Fd open = open_file(host.path(), O_RDONLY | O_DIRECTORY);
        const int inherited = ::dup(open.get());  // without O_CLOEXEC
        const std::string out = loot_of(victim("cat /proc/self/fd/*/secret"));
        ::close(inherited);
        return Sentinel::leaked_in(out);
      },
      {Weakness::descriptors_stay_open});
}

// R3 and R5: CVE-2021-30465, CVE-2019-16884, CVE-2023-28642, CVE-2024-45310.
TEST_F(Paths, R3R5AMountTargetThatIsExchangedForALinkLeadsNowhereElse) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        const fs::path volume = fresh_directory("volume");
        make_directories(volume / "a", 0755);
        fs::create_symlink(host.path(), volume / "link");
        const fs::path mounted = fresh_directory("mounted");
        return while_exchanging(volume, "a", "link", [&] {
          return race([&]() -> std::string {
            ContainerSpec spec = attacker({"/bin/attacker", "mounts", mounted.filename()});
            spec.mounts = {bind(volume, "/v"), bind(mounted, "/v/a/b")};
            const int inside = attempt_of(spec).exit_code;
            if (const std::string damage = host.damage(); !damage.empty()) return damage;
            return inside == 1 || inside == -1 ? "" : "a mount is not where the container sees it";
          });
        });
      },
      {Weakness::links_lead_out});
}

TEST_F(Paths, R5AWorkingDirectoryBelowALinkIsMadeInsideTheImage) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        make_link_in_image("work", host.path());
        ContainerSpec spec = victim("true");
        spec.process.working_directory = "/work/made";
        loot_of(spec);
        return host.damage();
      },
      {Weakness::links_lead_out});
}

// R4: CVE-2025-31133, CVE-2025-52565.
TEST_F(Paths, R4AnImageWhoseDevIsALinkIsRefused) {
  expect_only_without_defence(
      [&]() -> std::string {
        const Sentinel host = sentinel();
        make_link_in_image("dev", host.path());
        // Privileged: nothing to mask, so that only the mounts themselves can refuse.
        ContainerSpec spec = victim("attacker mounts ' /dev ' && echo elsewhere");
        spec.security.privileged = true;
        return loot_of(spec) + host.damage();
      },
      {Weakness::links_lead_out});
}

TEST_F(Paths, R4AMaskIsNotWhatAVolumeCallsDevNull) {
  expect_only_without_defence(
      [&] {
        const fs::path volume = fresh_directory("volume");
        EXPECT_EQ(::mknod((volume / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
        // /proc/sys is read-only inside; a mask that is a bind of one of its files would not be.
        fs::create_symlink("/proc/sys/kernel/hostname", volume / "link");
        return while_exchanging(volume, "null", "link", [&] {
          return race([&] {
            ContainerSpec spec = attacker({"cat", "/proc/keys", "/proc/interrupts"});
            spec.mounts = {bind(volume, "/dev")};
            return loot_of(spec);
          });
        });
      },
      {Weakness::links_lead_out, Weakness::any_file_is_null});
}

// R19: the volume's users may put a link where a directory was, between one look and the next.
TEST_F(Paths, R19ASubpathThatIsExchangedForALinkIsRefused) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        const fs::path volume = fresh_directory("volume");
        make_directories(volume / "sub", 0755);
        fs::create_symlink(host.path(), volume / "link");
        return while_exchanging(volume, "sub", "link", [&] {
          return race([&] {
            ContainerSpec spec = victim("cat /s/secret");
            spec.mounts = {bind(volume, "/s")};
            spec.mounts.front().subpath = "sub";
            return Sentinel::leaked_in(loot_of(spec));
          });
        });
      },
      {Weakness::links_lead_out});
}

TEST_F(Paths, R21FilesThatWeBindOverTheImagesOwnStayInside) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        make_link_in_image("etc", host.path());
        ContainerSpec spec = victim("cat /etc/hosts");
        spec.etc.hosts = file("hosts", "127.0.0.1 localhost\n");
        spec.etc.resolv_conf = file("resolv.conf", "nameserver 127.0.0.11\n");
        spec.etc.hostname = file("hostname", "box\n");
        loot_of(spec);
        return host.damage();
      },
      {Weakness::links_lead_out});
}

TEST_F(Paths, R21AFileInMemoryIsPutInside) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        make_link_in_image("configs", host.path());
        ContainerSpec spec = victim("cat /configs/*");
        spec.files.emplace_back();
        spec.files.back().target = "/configs/made";
        spec.files.back().content = "of the container";
        loot_of(spec);
        return host.damage();
      },
      {Weakness::links_lead_out});
}

TEST_F(Paths, R21AFileThatIsALinkIsCoveredInside) {
  expect_only_without_defence(
      [&]() -> std::string {
        const Sentinel host = sentinel();
        make_link_in_image("etc/hosts", host.path() / "made");
        make_directories(image() / host.path().relative_path(), 0755);
        write_file_atomically(image() / host.path().relative_path() / "made", "",
                              Durability::survives_crash, 0644);
        write_file_atomically(host.path() / "made", "", Durability::survives_crash, 0644);
        ContainerSpec spec = victim("cat /etc/hosts");
        spec.etc.hosts = file("hosts", "ours\n");
        return loot_of(spec) == "ours\n" ? "" : "the host's file is covered, not the image's";
      },
      {Weakness::links_lead_out});
}

}  // namespace
}  // namespace stack::attacks
