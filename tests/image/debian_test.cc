// SPDX-License-Identifier: Apache-2.0
// A script stands in for mmdebstrap: what is tested is what we ask of it and make of its answer.
#include "image/debian.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/apt_setup.h"
#include "image/debian_recipe.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

using Strings = std::vector<std::string>;

const std::string deb822 =
    "Types: deb\nURIs: http://mirror.test\nSuites: bookworm bookworm-updates\n";

TEST(AptSetup, TellsActiveSourcesFromOthers) {
  EXPECT_TRUE(has_binary_sources(deb822, ".sources"));
  EXPECT_TRUE(has_binary_sources("Types: deb-src\n\nTypes: deb deb-src\n", ".sources"));
  EXPECT_FALSE(has_binary_sources("Types: deb-src\n", ".sources"));
  EXPECT_FALSE(has_binary_sources(deb822 + "Enabled: no\n", ".sources"));
  EXPECT_FALSE(has_binary_sources("# Types: deb\n", ".sources"));
  EXPECT_TRUE(has_binary_sources("# x\ndeb [a=b] http://mirror.test bookworm main\n", ".list"));
  EXPECT_FALSE(has_binary_sources("#deb http://mirror.test x\ndeb-src http://m.test x\n", ".list"));
}

TEST(AptSetup, TakesOnlyOptionsThatSayHowToFetch) {
  EXPECT_EQ(fetch_options("APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://p:3142\";\n"
                          "Acquire::https::Verify-Peer \"\";\nAcquire::Languages:: \"none\";\n"
                          "Acquire::Check-Date \"false\";\n"),
            (Strings{"Acquire::http::Proxy \"http://p:3142\";", "Acquire::Check-Date \"false\";"}));
}

TEST(AptSetup, MovesSourcesToAnotherSuite) {
  EXPECT_EQ(retarget_sources("URIs: http://bookworm.test/x-bookworm\nSuites: bookworm "
                             "bookworm-updates oldbookworm bookworms\n",
                             "bookworm", "trixie"),
            "URIs: http://bookworm.test/x-bookworm\nSuites: trixie trixie-updates oldbookworm "
            "bookworms\n");
}

TEST(AptSetup, ReadsTheCodename) {
  EXPECT_EQ(version_codename("ID=debian\nVERSION_CODENAME=\"bookworm\"\n"), "bookworm");
  EXPECT_EQ(version_codename("ID=other\n"), "");
}

TEST(DebianRecipe, IsOneCommandLine) {
  const AptSetup apt{{"/etc/apt/a.sources"}, {"Acquire::http::Proxy \"p\";"}, "bookworm"};
  const auto recipe = make_recipe("bookworm", {"postgresql-15", "busybox", "busybox"}, "amd64");
  EXPECT_EQ("\n" + join(mmdebstrap_arguments(recipe, apt, "/store/tree"), "\n"), R"(
--mode=root
--variant=apt
--format=directory
--verbose
--skip=cleanup/run
--aptopt=APT::Sandbox::User "root";
--include=busybox,postgresql-15
--aptopt=Acquire::http::Proxy "p";
--dpkgopt=path-exclude=/usr/share/doc/*
--dpkgopt=path-include=/usr/share/doc/*/copyright
--dpkgopt=path-exclude=/usr/share/man/*/*
--dpkgopt=path-exclude=/usr/share/info/*
--dpkgopt=path-exclude=/usr/share/locale/*
--dpkgopt=path-exclude=/usr/share/lintian/*
--dpkgopt=force-unsafe-io
bookworm
/store/tree
/etc/apt/a.sources)");
}

TEST(DebianRecipe, HasAKeyThatFollowsItsContentOnly) {
  const auto key = [](const std::string& suite, const Strings& packages) {
    return recipe_key(make_recipe(suite, packages, "amd64"));
  };
  EXPECT_EQ(key("bookworm", {"a1", "b1"}), key("bookworm", {"b1", "a1", "b1"}));
  EXPECT_NE(key("bookworm", {"a1"}), key("bookworm", {"b1"}));
  EXPECT_NE(key("bookworm", {"a1"}), key("trixie", {"a1"}));
}

TEST(DebianRecipe, RefusesNamesThatWouldBeOptions) {
  for (const char* name : {"--hook", "a,b", "a b", "", "?essential", "a\nb", "x'y"})
    EXPECT_THROW(make_recipe("bookworm", {name}, "amd64"), Error) << name;
  for (const char* suite : {"", "--x", "../x", "a b"})
    EXPECT_THROW(make_recipe(suite, {}, "amd64"), Error) << suite;
  EXPECT_NO_THROW(make_recipe("bookworm", {"g++", "libc6:amd64", "a1=1:2.3~b+c-1"}, "amd64"));
}

TEST(DebianRecipe, ShowsStepsAndNotNoise) {
  EXPECT_EQ(progress_of("I: extracting archives..."), "extracting archives...");
  EXPECT_EQ(progress_of("Setting up postgresql-15 (15.1) ..."),
            "Setting up postgresql-15 (15.1) ...");
  EXPECT_EQ(progress_of("(Reading database ... 5%"), std::nullopt);
}

class DebianImage : public test::InScratch {
 protected:
  DebianImage() : store(path("images")) {
    write("host/etc/apt/sources.list.d/debian.sources", deb822);
    write("host/etc/os-release", "VERSION_CODENAME=bookworm\n");
    host.mmdebstrap = path("mmdebstrap");
    host.root = path("host");
  }
  /// The script gets the target directory as $tree.
  void script(const std::string& body) {
    write("mmdebstrap",
          "#!/bin/sh\nfor tree; do case $tree in /*/tree) break;; esac; done\n"
          "echo \"$*\" >> " +
              path("calls").native() + "\n" + body);
    ::chmod(path("mmdebstrap").c_str(), 0755);
  }
  void script_that_builds() {
    script(
        "mkdir -p $tree/etc/apt/apt.conf.d $tree/var/log $tree/var/lib/apt/lists $tree/dev\n"
        "echo password > $tree/etc/apt/apt.conf.d/99mmdebstrap\n"
        "echo host > $tree/etc/hostname; echo x > $tree/var/log/dpkg.log\n"
        "echo x > $tree/var/lib/apt/lists/x; echo data > $tree/file\n"
        "echo 'I: almost done' >&2; echo noise\n");
  }
  Image build(DebianRequest request) {
    return build_debian_image(store, request, host,
                              [&](const std::string& line) { progress.push_back(line); });
  }
  std::string error_of(const DebianRequest& request) {
    try {
      build(request);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }
  std::size_t calls() const {
    return split(read_file_if_exists(path("calls")).value_or(""), '\n').size() - 1;
  }

  ImageStore store;
  DebianHost host;
  Strings progress;
};

DebianRequest request(const std::string& name) {
  DebianRequest wanted;
  wanted.name = name;
  wanted.packages = {"busybox"};
  return wanted;
}

TEST_F(DebianImage, HasThePackagesAndNothingOfTheHost) {
  script_that_builds();
  const Image made = build(request("base"));
  EXPECT_EQ(progress, Strings{"almost done"});
  EXPECT_EQ(test::tree_text(made.layers.at(0)), R"(dev dir 755
etc dir 755
etc/apt dir 755
etc/apt/apt.conf.d dir 755
etc/hostname file 644 
etc/resolv.conf file 644 
file file 644 data

var dir 755
var/lib dir 755
var/lib/apt dir 755
var/lib/apt/lists dir 755
var/log dir 755
)");
  EXPECT_EQ(made.config.labels.at("stack.debian.packages"), "busybox");
  EXPECT_EQ(made.config.labels.at("stack.debian.suite"), "bookworm");
  EXPECT_EQ(store.find("base").value().id, made.id);
}

TEST_F(DebianImage, IsNotBuiltTwice) {
  script_that_builds();
  const Image first = build(request("base"));
  EXPECT_EQ(build(request("base")).id, first.id);
  DebianRequest other = request("other");
  other.changes = {"USER 1"};
  const Image second = build(other);
  EXPECT_EQ(second.layers, first.layers);
  EXPECT_EQ(second.config.user, "1");
  EXPECT_EQ(calls(), 1U);
  DebianRequest again = request("base");
  again.rebuild = true;
  build(again);
  EXPECT_EQ(calls(), 2U);
}

TEST_F(DebianImage, OfAnotherSuiteUsesTheHostsSourcesForIt) {
  script_that_builds();
  DebianRequest wanted = request("base");
  wanted.suite = "trixie";
  build(wanted);
  EXPECT_NE(read("calls").find("/sources/debian.sources"), std::string::npos) << read("calls");
  write("host/etc/apt/sources.list.d/debian.sources", "Types: deb\nSuites: stable\n");
  wanted.suite = "sid";
  EXPECT_TRUE(error_of(wanted).ends_with("do not say where its own suite \"bookworm\" comes from"))
      << error_of(wanted);
}

TEST_F(DebianImage, ThatFailsShowsTheEndOfTheOutputAndLeavesNothing) {
  script(
      "mkdir -p $tree; echo half > $tree/half\n"
      "for i in $(seq 100); do echo line $i; done; echo 'E: no such package' >&2; exit 25\n");
  const std::string text = error_of(request("base"));
  EXPECT_TRUE(text.starts_with(
      "making image base from Debian packages: mmdebstrap ended with code 25\n  line 87\n"))
      << text;
  EXPECT_TRUE(text.ends_with("  line 100\n  E: no such package")) << text;
  EXPECT_EQ(test::leftovers(path("images")), 0);
  EXPECT_FALSE(store.find("base"));
}

TEST_F(DebianImage, NeedsSources) {
  remove_tree(path("host/etc/apt"));
  EXPECT_EQ(error_of(request("base")),
            "apt has no package sources in " + path("host/etc/apt").native());
}

TEST_F(DebianImage, LeavesNoProcessAndNoTreeWhenTheBuilderIsKilled) {
  // The script holds a fifo open for as long as anything of it lives.
  ASSERT_EQ(::mkfifo(path("alive").c_str(), 0600), 0);
  script("mkdir -p $tree; echo half > $tree/half\nexec 5> " + path("alive").native() +
         "\necho started >&5\nsleep 600 & sleep 600\n");
  const pid_t builder = ::fork();
  if (builder == 0) {
    build_debian_image(store, request("base"), host, {});
    ::_exit(0);
  }
  const Fd alive = open_file(path("alive"), O_RDONLY);
  char text[16];
  ASSERT_GT(::read(alive.get(), text, sizeof text), 0);
  ::kill(builder, SIGKILL);
  ::waitpid(builder, nullptr, 0);
  if (::geteuid() == 0) {
    EXPECT_EQ(::read(alive.get(), text, sizeof text), 0) << "end of file: its last process is gone";
  }
  script_that_builds();
  build(request("base"));
  EXPECT_EQ(test::leftovers(path("images")), 0);
}

}  // namespace
}  // namespace stack::image
